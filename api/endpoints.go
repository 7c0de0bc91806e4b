package api

import (
	"slices"

	"github.com/accesscodes/lockctl/engine"
)

// endpoints is everything that is served. Paths, verbs and keys are those of the hosted API; its SDKs of two generations
// differ in the verbs that they send, and both work.
func endpoints() []endpoint {
	code := gift{"access_code", accessCode{}}
	codes := gift{"access_codes", []accessCode{}}
	try := gift{"action_attempt", attempt{}}
	pages := gift{"pagination", pagination{}}
	return slices.Concat(labEndpoints(), outlookEndpoints(), []endpoint{
		on("/access_codes/create", "POST", ScopeWrite, "Creates an access code on a device.", codesCreate, code, try).paced(paceCreate),
		on("/access_codes/create_multiple", "POST PUT", ScopeWrite, "Creates access codes with the same digits on several devices.", codesCreateMultiple, codes).paced(paceCreate),
		on("/access_codes/update", "POST PATCH PUT", ScopeWrite, "Changes an access code.", codesUpdate, try).paced(paceUpdate),
		on("/access_codes/update_multiple", "POST PATCH", ScopeWrite, "Changes every access code of a common key.", codesUpdateMultiple),
		on("/access_codes/delete", "POST DELETE", ScopeWrite, "Takes an access code away.", codesDelete, try).paced(paceDelete),
		on("/access_codes/get", "GET POST", ScopeRead, "Shows an access code.", codesGet, code),
		on("/access_codes/list", "GET POST", ScopeRead, "Lists access codes.", codesList, codes, pages),
		on("/access_codes/generate_code", "GET POST", ScopeRead, "Draws digits that a device takes, and keeps nothing.", codesGenerate, gift{"generated_code", generated{}}),
		on("/access_codes/pull_backup_access_code", "POST", ScopeWrite, "Has a backup stand in for an access code.", codesPull, code, gift{"backup_access_code", accessCode{}}),
		on("/access_codes/report_device_constraints", "POST", ScopeWrite, "Tells which lengths of codes a device takes.", constraintsReport),
		on("/access_codes/get_timeline", "GET POST", ScopeRead, "Tells the story of an access code.", codesTimeline, gift{"timeline_events", []moment{}}, gift{"pagination", timelinePages{}}),
		on("/access_codes/unmanaged/list", "GET POST", ScopeRead, "Lists codes that somebody else put on a device.", unmanagedList, gift{"access_codes", []unmanagedCode{}}, pages),
		on("/access_codes/unmanaged/get", "GET POST", ScopeRead, "Shows a code that somebody else put on a device.", unmanagedGet, gift{"access_code", unmanagedCode{}}),
		on("/access_codes/unmanaged/delete", "POST DELETE", ScopeWrite, "Erases a code that somebody else put on a device.", unmanagedDelete, try),
		on("/access_codes/unmanaged/convert_to_managed", "POST PATCH", ScopeWrite, "Manages a code that somebody else put on a device.", unmanagedConvert),
		on("/access_codes/unmanaged/update", "POST PATCH", ScopeWrite, "Manages a code that somebody else put on a device.", unmanagedConvert),
		on("/devices/get", "GET POST", ScopeRead, "Shows a device.", devicesGet, gift{"device", device{}}),
		on("/devices/list", "GET POST", ScopeRead, "Lists devices.", devicesList, gift{"devices", []device{}}, pages),
		on("/devices/list_device_providers", "GET POST", ScopeRead, "Lists the vendors whose devices can be reached.", providersList, gift{"device_providers", []deviceProvider{}}),
		on("/devices/update", "POST PATCH", ScopeWrite, "Switches the backup pool of a device, or ends its management.", devicesUpdate),
		on("/locks/get", "GET POST", ScopeRead, "Shows a lock.", devicesGet, gift{"lock", device{}}),
		on("/locks/list", "GET POST", ScopeRead, "Lists locks.", devicesList, gift{"locks", []device{}}, pages),
		on("/locks/lock_door", "POST", ScopeWrite, "Locks a door, where the lock's system can.", bolt).paced(paceLock),
		on("/locks/unlock_door", "POST", ScopeWrite, "Unlocks a door, where the lock's system can.", bolt).paced(paceUnlock),
		on("/connected_accounts/get", "GET POST", ScopeRead, "Shows an account.", accountsGet, gift{"connected_account", account{}}),
		on("/connected_accounts/list", "GET POST", ScopeRead, "Lists accounts.", accountsList, gift{"connected_accounts", []account{}}, pages),
		on("/events/get", "GET POST", ScopeRead, "Shows an event.", eventsGet, gift{"event", event{}}),
		on("/events/list", "GET POST", ScopeRead, "Lists events.", eventsList, gift{"events", []event{}}),
		on("/webhooks/create", "POST", ScopeWrite, "Has events posted to an address.", hooksCreate, gift{"webhook", shownHook{}}),
		on("/webhooks/get", "GET POST", ScopeRead, "Shows a webhook.", hooksGet, gift{"webhook", shownHook{}}),
		on("/webhooks/list", "GET POST", ScopeRead, "Lists webhooks.", hooksList, gift{"webhooks", []shownHook{}}),
		on("/webhooks/update", "POST PUT", ScopeWrite, "Changes which events a webhook gets, or switches it off.", hooksUpdate),
		on("/webhooks/delete", "POST DELETE", ScopeWrite, "Takes a webhook away.", hooksDelete),
		on("/v1/webhooks/deliveries", "GET POST", ScopeRead, "Lists events that are on their way to a webhook, or were given up.", hooksLetters, gift{"deliveries", []shownLetter{}}),
		on("/v1/webhooks/redeliver", "POST", ScopeWrite, "Sends an event to a webhook again.", hooksRedeliver),
		on("/workspaces/get", "GET POST", ScopeRead, "Shows the workspace, which is this installation.", workspaceGet, gift{"workspace", workspace{}}),
		on("/workspaces/list", "GET POST", ScopeRead, "Lists workspaces: there is one.", workspaceList, gift{"workspaces", []workspace{}}),
		on("/devices/simulate/disconnect", "POST", ScopeWrite, "Takes a simulated device out of reach.", breaks(itself, "offline", false)).simulated(),
		on("/devices/simulate/connect", "POST", ScopeWrite, "Ends what ails a simulated device.", breaks(itself, "", true)).simulated(),
		on("/devices/simulate/disconnect_from_hub", "POST", ScopeWrite, "Takes the hub of a simulated device down.", breaks(itsHub, "offline", false)).simulated(),
		on("/devices/simulate/connect_to_hub", "POST", ScopeWrite, "Ends what ails the hub of a simulated device.", breaks(itsHub, "", true)).simulated(),
		on("/connected_accounts/simulate/disconnect", "POST", ScopeWrite, "Has the login of a simulated account refused.", accountsDisconnect).simulated(),
		on("/locks/simulate/keypad_code_entry", "POST", ScopeWrite, "Types digits at a simulated keypad.", keypadType, try).simulated(),
		on("/locks/simulate/manual_lock_via_keypad", "POST", ScopeWrite, "Locks a door at its keypad: no simulated lock can.", unable("the bolt of this lock is not simulated"), try).simulated(),
		on("/devices/simulate/remove", "POST", ScopeWrite, "Takes a simulated device away: it is managed no more.", deviceGone).simulated(),
		on("/devices/simulate/paid_subscription", "POST", ScopeWrite, "Ends the subscription of a device: no simulated one needs any.", unpaid).simulated(),
		on("/access_codes/simulate/create_unmanaged_access_code", "POST", ScopeWrite, "Has somebody put a code on a simulated device.", foreignCreate, gift{"access_code", unmanagedCode{}}).simulated(),
		on("/v1/submit", "POST", ScopeWrite, "Gives the engine a command.", submitHost, gift{"receipt", wireReceipt{}}),
		on("/v1/snapshot", "POST", ScopeRead, "Asks the engine for a page of what it knows.", snapshotHost, gift{"snapshot", wireSnapshot{}}),
		on("/v1/journal", "GET POST", ScopeRead, "Reads the journal.", journalHost, gift{"events", []engine.Event{}}),
		on("/v1/keys/create", "POST", scopeOwner, "Makes an API key.", keysCreate, gift{"api_key", shownKey{}}),
		on("/v1/keys/list", "GET POST", scopeOwner, "Lists API keys.", keysList, gift{"api_keys", []shownKey{}}),
		on("/v1/keys/revoke", "POST", scopeOwner, "Ends an API key.", keysRevoke),
		on("/action_attempts/get", "GET POST", ScopeRead, "Tells how far something has come that goes on after its answer.", attemptGet, try),
	})
}
