package engine

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// Command is something an operator, or a program on their behalf, asks for. It is applied whole or refused whole.
type Command struct {
	Key    string // idempotency key: the same command again answers with the first receipt, another one is refused, for 24 hours; "" for none
	Actor  string // who asked, for the journal
	DryRun bool   // decide and report, but change nothing
	Show   bool   // the receipt brings the codes along: who is to see them need not ask again
	Do     Action
}

// Action is the verb of a Command: one of the types below.
type Action interface{ Verb() string }

// Create asks for a new access code. Neither Starts nor Ends: ongoing from now. Starts alone: ongoing from then (seed
// profile). Both: time-bound. Ends alone is refused.
type Create struct {
	ID            lock.CodeID // chosen by the caller, or "": drawn
	Device        lock.DeviceID
	Name          string
	PIN           lock.PIN // zero: drawn within the lock's constraints
	PINLength     int      // preferred number of digits of a drawn PIN; 0 or unsupported: the shortest
	Starts, Ends  time.Time
	JIT           bool // prefer_native_scheduling = false
	AllowExternal bool // changes made at the lock are honoured
	UsePool       bool // switches the device's backup pool on
	CommonKey     string
	Holder        string        // who will use it; adjacent stays of one holder may share a credential
	Offline       bool          // an algorithmic code; PIN must be zero
	OneTime       bool          // an algorithmic code that dies with its first use
	MaxRounding   time.Duration // 0: the policy's
	Tell          bool          // the receipt carries the digits, which are told from then on
}

// CreateMany asks for the same code on several doors. Without a PIN they share one drawn PIN and a common key; with one they
// stay unlinked. If a door can't take the shared PIN nothing is created, unless OwnPINs lets each misfit draw its own.
type CreateMany struct {
	Like    Create // Device and ID are ignored
	Devices []lock.DeviceID
	IDs     []lock.CodeID // one per device, or none
	OwnPINs bool
}

// Update changes a code; nil fields stay. Giving both times to an ongoing code makes it time-bound.
type Update struct {
	Code          lock.CodeID
	Name          *string
	PIN           *lock.PIN
	Starts, Ends  *time.Time
	JIT           *bool
	AllowExternal *bool
	AcceptGap     bool // a held code may be away from the lock for the moments of its rewrite, inside its window
	Ongoing       bool `json:",omitzero"` // without times from now on; not together with Starts or Ends
	UsePool       bool `json:",omitzero"` // switches the device's backup pool on
}

// UpdateMany moves or renames every code of a common key, atomically. PINs stay.
type UpdateMany struct {
	CommonKey    string
	Name         *string
	Starts, Ends *time.Time
	AcceptGap    bool
}

// Convert makes a time-bound code ongoing (Ongoing true; it keeps working, without an end), or an ongoing one time-bound
// (both times needed).
type Convert struct {
	Code         lock.CodeID
	Ongoing      bool
	Starts, Ends time.Time
	AcceptGap    bool
}

// Delete withdraws a code: it is erased from the lock at once, or left there for others to look after, and kept in history.
type Delete struct {
	Code   lock.CodeID
	Leaked bool // its digits are known to the wrong people: can't be undone
	Leave  bool `json:",omitzero"` // it stays on the lock, unmanaged, as far as it is there; Undo does not take it back
}

// Rotate gives a code new digits, told or not; the old ones stop working.
type Rotate struct {
	Code      lock.CodeID
	PIN       lock.PIN // zero: drawn
	Reason    string
	AcceptGap bool
}

// PullBackup binds a preprogrammed spare of the code's device to the code. Repeating it answers with the same spare.
type PullBackup struct{ Code lock.CodeID }

// SetPool switches a device's backup pool.
type SetPool struct {
	Device lock.DeviceID
	On     bool
}

// Adopt makes a credential that somebody else put on the lock a managed code.
type Adopt struct {
	Device        lock.DeviceID
	Ref           lock.Ref
	ID            lock.CodeID // "": drawn
	AllowExternal bool
}

// DeleteUnmanaged erases a credential that somebody else put on the lock.
type DeleteUnmanaged struct {
	Device lock.DeviceID
	Ref    lock.Ref
}

// SwapDevice moves every live code of Old to New, a lock that replaces it, and retires Old.
type SwapDevice struct{ Old, New lock.DeviceID }

// Observe looks at a device now and forgets its backoff. It is also the "retry" of the user interfaces.
type Observe struct{ Device lock.DeviceID }

// Undo compensates a command of the last 7 days, named by its receipt's sequence number.
type Undo struct {
	Receipt   Seq
	AcceptGap bool // of a change: the code may be away from the lock for a moment inside its window
}

// AddDevice puts a lock under management, or renews what is known of it.
type AddDevice struct{ Device lock.Device }

// RemoveDevice ends management: spare codes are erased, others stay on the lock as unmanaged.
type RemoveDevice struct{ Device lock.DeviceID }

// Reveal answers with a code's digits; from then on they are told.
type Reveal struct{ Code lock.CodeID }

// SetPolicy overrides numbers of the policy for an account or a device. Exactly one of the two is named, or neither for
// the default of the whole engine.
type SetPolicy struct {
	Account lock.AccountID
	Device  lock.DeviceID
	Patch   PolicyPatch
	Whole   bool // the patch takes the place of what was set before, and is not laid over it
}

func (Create) Verb() string          { return "create" }
func (CreateMany) Verb() string      { return "create_many" }
func (Update) Verb() string          { return "update" }
func (UpdateMany) Verb() string      { return "update_many" }
func (Convert) Verb() string         { return "convert" }
func (Delete) Verb() string          { return "delete" }
func (Rotate) Verb() string          { return "rotate" }
func (PullBackup) Verb() string      { return "pull_backup" }
func (SetPool) Verb() string         { return "pool" }
func (Adopt) Verb() string           { return "adopt" }
func (DeleteUnmanaged) Verb() string { return "delete_unmanaged" }
func (SwapDevice) Verb() string      { return "swap_device" }
func (Observe) Verb() string         { return "observe" }
func (Undo) Verb() string            { return "undo" }
func (AddDevice) Verb() string       { return "add_device" }
func (RemoveDevice) Verb() string    { return "remove_device" }
func (Reveal) Verb() string          { return "reveal" }
func (SetPolicy) Verb() string       { return "set_policy" }

// Receipt answers an accepted command.
type Receipt struct {
	Seq      Seq // of the command; Undo names it
	At       time.Time
	Codes    []lock.CodeID // the codes it made or changed, in the order asked
	PINs     []lock.PIN    // for Reveal, and for a creation that tells: their digits, in the same order; zero: not chosen yet
	Backup   lock.CodeID   // for PullBackup
	Notes    []string      // what the operator should know: rounding, early opening, a gap
	Plan     []Moment      `json:",omitzero"` // of a dry run that concerns one code: its life as it would be
	Undoable bool
	Shown    []CodeView `json:"-"` // Codes as they are after the step, with digits if PINs has them; nil: not asked for, or to be asked with a Query
}
