package engine

import (
	"time"

	"github.com/accesscodes/lockctl/driver"
)

// catalogue is every Issue that the engine can raise or refuse with: one row per code, names as access-code APIs use them.
// The message of a row is its default; raising may put a more exact sentence in its place.
var catalogue = map[string]Issue{
	// Errors of a code.
	"failed_to_set_on_device":            {Class: ClassError, Message: "the lock did not take the code", Remedy: "it is tried again; give a backup code if the guest is near", Retryable: true},
	"failed_to_remove_from_device":       {Class: ClassError, Message: "the code could not be erased", Remedy: "it is tried again; the PIN may still open the door", Retryable: true},
	"duplicate_code_on_device":           {Class: ClassError, Message: "another code with this PIN stands on the lock", Remedy: "adopt or delete the other, or change the PIN", Definite: true, Blame: driver.BlameRequest},
	"no_space_for_access_code_on_device": {Class: ClassError, Message: "every slot of the lock is taken", Remedy: "remove a code; it is set as soon as a slot is free", Retryable: true, Blame: driver.BlameLock},
	"conflicting_external_modification":  {Class: ClassError, Message: "the code was changed outside of lockctl", Remedy: "it is put back", Retryable: true, Blame: driver.BlameLock},
	"access_code_inactive":               {Class: ClassError, Message: "the code is on the lock but was disabled in the vendor's app", Remedy: "enable it there", Blame: driver.BlameLock},
	"insufficient_permissions":           {Class: ClassError, Message: "the account may not manage codes of this lock", Remedy: "give the account the owner's role", Definite: true, Blame: driver.BlameAccount},
	"provider_issue":                     {Class: ClassError, Message: "the lock refuses the code", Remedy: "change what the message names", Definite: true, Blame: driver.BlameRequest},
	"rejected_by_device":                 {Class: ClassError, Message: "the lock refuses the code for good", Remedy: "change the code to suit the lock", Definite: true, Blame: driver.BlameRequest},
	// Warnings of a code.
	"delay_in_setting_on_device":      {Class: ClassWarning, Message: "the start has come and the code is not on the lock", Remedy: "give a backup code or let the guest in", Retryable: true},
	"delay_in_removing_from_device":   {Class: ClassWarning, Message: "the code should be gone from the lock and is not known to be", Remedy: "the PIN may still open the door until the lock answers", Retryable: true},
	"external_modification_in_effect": {Class: ClassWarning, Message: "a change made outside of lockctl is honoured"},
	"using_backup_access_code":        {Class: ClassWarning, Message: "a backup code stands in for this code"},
	"being_deleted":                   {Class: ClassWarning, Message: "the code is being erased"},
	"unconfirmed":                     {Class: ClassWarning, Message: "the cloud has accepted the code; the lock has not confirmed it", Remedy: "try it at the keypad before the guest does", Blame: driver.BlameCloud},
	"contended":                       {Class: ClassError, Message: "another controller keeps changing this code", Remedy: "find and stop the other app; then retry", Blame: driver.BlameLock},
	"native_declined":                 {Class: ClassWarning, Message: "the lock's own schedule is not used for this code", Remedy: "it is written just in time instead"},
	"window_unverified":               {Class: ClassWarning, Message: "the schedule that the lock keeps can't be read back"},
	"used_too_early":                  {Class: ClassWarning, Message: "the code opened the door before its start"},
	"used_too_late":                   {Class: ClassWarning, Message: "the code opened the door after its end"},
	"waits_for_guest_before":          {Class: ClassWarning, Message: "the write waits until the guest before has left"},
	"first_use_deadline":              {Class: ClassWarning, Message: "the code dies unless it is used soon after its start", Remedy: "issue another if the guest is late"},
	"digits_changed":                  {Class: ClassWarning, Message: "the provider chose other digits than those that were told", Remedy: "reveal the new ones and tell the guest", Blame: driver.BlameCloud},
	"change_waits":                    {Class: ClassWarning, Message: "the change would leave the guest without a code for a moment", Remedy: "accept the gap, or wait until the guest has left"},
	"change_refused":                  {Class: ClassError, Message: "the lock refused the change; the code is as it was", Remedy: "change it to something that the lock takes", Definite: true, Blame: driver.BlameLock},
	"needs_new_pin":                   {Class: ClassError, Message: "the repair needs other digits, but these are already told", Remedy: "rotate the PIN and tell the guest, or free the old digits", Definite: true, Blame: driver.BlameRequest},
	"exposed":                         {Class: ClassWarning, Message: "the PIN opens the door although it should not", Remedy: "it ends when the erase reaches the lock", Retryable: true},
	// Errors and warnings of a device, its hub or its account.
	"account_disconnected":            {Class: ClassError, Message: "the account's login is refused", Remedy: "sign in again", Blame: driver.BlameAccount, Retryable: true},
	"provider_down":                   {Class: ClassError, Message: "the provider's cloud does not answer", Remedy: "nothing to do at the locks; it is tried again", Blame: driver.BlameCloud, Retryable: true},
	"hub_disconnected":                {Class: ClassError, Message: "the hub does not answer", Remedy: "check its power and network", Blame: driver.BlameHub, Retryable: true},
	"device_disconnected":             {Class: ClassError, Message: "the lock does not answer", Remedy: "check its batteries and its distance to the hub", Blame: driver.BlameLock, Retryable: true},
	"device_removed":                  {Class: ClassError, Message: "the lock is gone from the account", Remedy: "add it to the account again, or remove it here", Definite: true, Blame: driver.BlameAccount},
	"device_parked":                   {Class: ClassError, Message: "the engine met something impossible on this lock and leaves it alone", Remedy: "report it with the journal's line about it; a look lets the engine try again", Definite: true},
	"empty_backup_access_code_pool":   {Class: ClassError, Message: "no backup code is ready", Remedy: "the pool fills when the lock takes codes", Retryable: true},
	"partial_backup_access_code_pool": {Class: ClassWarning, Message: "fewer backup codes are ready than wished", Remedy: "free slots, or lower backup_pool_size", Retryable: true},
	"many_active_backup_codes":        {Class: ClassWarning, Message: "several backup codes are in use", Remedy: "the lock takes codes badly: look at its link and battery"},
	"max_access_codes_reached":        {Class: ClassWarning, Message: "every slot of the lock is taken", Remedy: "remove codes that nobody needs", Blame: driver.BlameLock},
	"erased_code_opens":               {Class: ClassError, Message: "a code that was erased has opened the door", Remedy: "erase it at the lock itself, then ask for a look", Blame: driver.BlameLock},
	"ghost_slot":                      {Class: ClassWarning, Message: "a slot is occupied by nothing that can be read or erased", Remedy: "clear it at the lock; it counts as used until then", Blame: driver.BlameLock},
	"low_battery":                     {Class: ClassWarning, Message: "the battery is low", Remedy: "replace it before the next arrival", Blame: driver.BlameLock},
	"replace_battery_soon":            {Class: ClassWarning, Message: "the lock answers worse and worse", Remedy: "replace its batteries whatever they say of themselves", Blame: driver.BlameLock},
	"privacy_mode":                    {Class: ClassWarning, Message: "a mode of the lock refuses codes", Remedy: "switch the mode off at the lock", Blame: driver.BlameLock},
	"keypad_lockout":                  {Class: ClassWarning, Message: "the keypad is locked after wrong tries", Remedy: "wait until it ends", Blame: driver.BlameLock},
	"time_zone_unknown":               {Class: ClassWarning, Message: "the lock's time zone is not known, so its own schedule is not used", Remedy: "set the zone of the lock", Blame: driver.BlameLock},
	"time_zone_mismatch":              {Class: ClassWarning, Message: "the lock is set to another time zone", Remedy: "set the zone of the lock", Blame: driver.BlameLock},
	"clock_off":                       {Class: ClassWarning, Message: "the lock's clock is wrong, so its own schedule is not used", Remedy: "set the clock of the lock", Blame: driver.BlameLock},
	"schedule_ignored":                {Class: ClassWarning, Message: "the lock opened outside a schedule that it holds, so its own schedules are not used", Remedy: "check zone and firmware of the lock and its hub; then retry", Blame: driver.BlameLock},
	// Refusals of a command.
	"invalid_input":              {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the request breaks a rule"},
	"invalid_policy":             {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the policy is out of bounds"},
	"device_not_found":           {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "no such device"},
	"access_code_not_found":      {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "no such access code"},
	"duplicate_access_code":      {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "another code of this lock has this PIN at the same time", Remedy: "choose another PIN, or leave it out"},
	"id_in_use":                  {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "another code has this id"},
	"idempotency_key_reused":     {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "this idempotency key was used for another command", Remedy: "repeat the command unchanged, or choose another key"},
	"pin_not_allowed":            {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the lock does not take this PIN"},
	"no_pin_left":                {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "no PIN is left that the lock takes", Remedy: "ask for a longer PIN"},
	"invalid_window":             {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the window is impossible"},
	"rounding_too_large":         {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the lock would round the window too much", Remedy: "move the times, or allow a larger max_time_rounding"},
	"not_supported_by_device":    {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the lock can't do this"},
	"access_code_not_time_bound": {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the code is not time-bound"},
	"no_backup_available":        {Class: ClassRefusal, Retryable: true, Blame: driver.BlameLock, Message: "no backup code is ready on this lock"},
	"irrevocable":                {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "an algorithmic code can't be changed or revoked", Remedy: "it ends by itself"},
	"gap_not_accepted":           {Class: ClassRefusal, Blame: driver.BlameRequest, Message: "the change would leave the guest without a code for a moment", Remedy: "accept the gap"},
	"pin_already_told":           {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the digits are already told", Remedy: "rotate says so explicitly"},
	"not_undoable":               {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "this command can't be undone"},
	"cannot_be_managed":          {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the lock hides what would have to be known to manage this code"},
	"too_large":                  {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the command touches more than one commit can hold", Remedy: "split it"},
	"unreadable_record":          {Class: ClassRefusal, Definite: true, Message: "a stored record does not read", Remedy: "restore the last backup, or report the record"},
	"busy":                       {Class: ClassRefusal, Retryable: true, Message: "the engine has more to do than it can take", Remedy: "try again in a moment"},
	"cannot_carry":               {Class: ClassRefusal, Definite: true, Blame: driver.BlameRequest, Message: "the new lock can't hold every code of the old one"},
}

// issue returns the catalogue's row for code, raised at since. It panics on an unknown code: that is a bug.
func issue(code string, since time.Time) Issue {
	i, ok := catalogue[code]
	if !ok {
		panic("engine: no issue " + code + " in the catalogue")
	}
	i.Code, i.Since = code, since
	return i
}

// refuse returns the Refusal of that code. message replaces the catalogue's sentence unless it is "".
func refuse(code, field, message string) *Refusal {
	i := issue(code, time.Time{})
	if message != "" {
		i.Message = message
	}
	return &Refusal{Issue: i, Field: field}
}
