// Package lock holds the nouns that the engine, the drivers and the simulator share: without it each would have its own
// idea of a lock, a PIN and a window. They say what a lock is, what it can do, what it is asked to hold and what was learnt
// about it. It imports the standard library only.
package lock

import "time"

type (
	// DeviceID names one lock or intercom. It is chosen by the account's driver or by the operator, and is stable.
	DeviceID string
	// AccountID names one login at one provider.
	AccountID string
	// HubID names the bridge or gateway between a cloud and its locks; "" when the lock has a link of its own.
	HubID string
	// CodeID names one access code.
	CodeID string
	// Ref is a driver's own handle on a credential that a lock holds (a job token first, a slot or key id later). It is
	// opaque and stored by the engine; "" is "none".
	Ref string
	// Cursor marks a position in a device's entry log; "" is its beginning.
	Cursor string
)

// Device is a lock as its account lists it.
type Device struct {
	ID      DeviceID
	Account AccountID
	Hub     HubID
	Name    string
	Model   string // the vendor's or the simulator's model name
	System  string // one of the thirteen systems, in lower case ("ttlock"); "" for a generic lock
	Traits  Traits
}

// Traits is what one lock can do, as data. Two models of a vendor differ, so traits belong to the device.
type Traits struct {
	NativeSchedule bool          `json:",omitzero"` // the lock itself honours a Window by its own clock
	OpenEnded      bool          `json:",omitzero"` // a native window may lack an end
	Stages         bool          `json:",omitzero"` // can hold a credential disabled and enable it later
	UpdatesInPlace bool          `json:",omitzero"` // Set at a held Ref changes it with no gap
	ClientSlots    bool          `json:",omitzero"` // the writer chooses the slot: then the engine does
	Slots          int           `json:",omitzero"` // capacity; 0: hidden by the vendor
	PINLengths     []int         `json:",omitzero"` // allowed numbers of digits, ascending; empty: 4 to 8
	Constraints    []Constraint  `json:",omitzero"` // further rules for PINs and names
	NameMax        int           `json:",omitzero"` // longest name in bytes; 0: names are not kept on the lock
	Granularity    time.Duration `json:",omitzero"` // grain of a native window; 0: one second
	HidesPIN       bool          `json:",omitzero"` // presence can be read, digits can't
	HidesWindow    bool          `json:",omitzero"` // the window can't be read back
	CannotList     bool          `json:",omitzero"` // nothing can be read back
	AssignsPIN     bool          `json:",omitzero"` // the provider chooses the digits
	RefusesReuse   bool          `json:",omitzero"` // a PIN may not stand twice even in disjoint windows
	NoBackupPool   bool          `json:",omitzero"` // preprogrammed spare codes are impossible or pointless
	DSTNaive       bool          `json:",omitzero"` // its clock keeps the offset it was set with across a DST change
	Offline        []OfflineKind `json:",omitzero"` // algorithmic codes it accepts without being told
	OfflineOnly    bool          `json:",omitzero"` // takes algorithmic codes and nothing else
	FirstUseWithin time.Duration `json:",omitzero"` // an algorithmic code dies unless used this soon after its start; 0: never
	TimeSlots      []TimeSlot    `json:",omitzero"` // the only windows an algorithmic "slots" code may have
	ReportsEntry   bool          `json:",omitzero"` // tells who opened
	CloudList      bool          `json:",omitzero"` // its list is the vendor's, not read back from the lock
	Lockout        time.Duration `json:",omitzero"` // how long wrong tries lock its keypad; 0: unknown
	StartLead      time.Duration `json:",omitzero"` // a native start must lie at least this far ahead (start_date_in_future)
	Zone           string        `json:",omitzero"` // IANA; empty: unknown
}

// TimeSlot is a predefined pair of local times of day for a "slots" code, in minutes after midnight. An End at or before
// Start lies on a later date.
type TimeSlot struct{ Start, End int }

// OfflineKind is a family of algorithmic codes: digits that the lock can verify without having been told.
type OfflineKind string

// The offline kinds.
const (
	OfflineNone    OfflineKind = ""
	OfflineHourly  OfflineKind = "hourly"   // whole hours, 1 to 672 h
	OfflineDaily   OfflineKind = "daily"    // 29 to 367 days, equal clock times
	OfflineTimed   OfflineKind = "timed"    // any whole minutes, 1 h to 30 days
	OfflineOneTime OfflineKind = "one-time" // first use within 24 h of the start
	OfflineSlots   OfflineKind = "slots"    // predefined check-in and check-out times
)

// Credential is a code as one lock is asked to hold it.
type Credential struct {
	Code    CodeID
	Tag     string // a short name by which an ambiguous write is recognised
	Name    string
	PIN     PIN    // zero where Traits.AssignsPIN
	Window  Window // zero: no schedule, works until cleared
	Enabled bool
	Slot    int // 1-based, where Traits.ClientSlots; 0: the lock chooses
	Offline OfflineKind
	OneTime bool
}

// Held is one credential that a lock, or its vendor's cloud, says it holds.
type Held struct {
	Ref     Ref
	Tag     string
	Name    string
	PIN     PIN    // zero: hidden
	Window  Window // zero: none, or hidden
	Weekly  string // opens within Window at these times of the week alone, as in "Mo,We 09:00-17:00" of its zone; no code of ours does. "": at all
	Enabled bool
	Pending bool // accepted by the cloud, not yet confirmed by the lock
	NoRoom  bool // of one pending: the lock has no room for it, and it stays so until there is
	Slot    int
	Due     time.Time // of one pending that Set answers with: from then on a look can tell what holds it up; zero: nobody knows
}

// Reach says how far a look at a device came.
type Reach uint8

// The reaches. The zero value claims nothing.
const (
	ReachUnknown Reach = iota
	Reached
	LockDown
	HubDown
	AccountDown
)

// Source says who answered; it bounds the evidence.
type Source uint8

// The sources.
const (
	SourceCloud Source = iota // the vendor's own list
	SourceLock                // read back from the lock
)

// Battery is a charge level.
type Battery struct {
	Known bool    `json:",omitzero"`
	Level float64 `json:",omitzero"` // 0 to 1
}

// Mode is a state of the keypad in which codes are held but refused.
type Mode string

// The modes.
const (
	ModePrivacy     Mode = "privacy"
	ModeVacation    Mode = "vacation"
	ModeOffice      Mode = "office"
	ModePowerSaving Mode = "power-saving"
	ModeLockout     Mode = "keypad-lockout" // too many wrong tries
)

// Observation is what one look at a device taught.
type Observation struct {
	At       time.Time
	Reach    Reach
	Source   Source
	Complete bool      // false: a partial list; absence from Held proves nothing
	Clock    time.Time // the lock's own clock; zero: not told
	Zone     string    // the lock's own zone; "": not told
	Battery  Battery
	Modes    []Mode
	Held     []Held  // at most MaxHeld; a longer list is cut and taken as partial
	Entries  []Entry // since the cursor asked for, oldest first, at most MaxEntries
	Next     Cursor
}

// Bounds of an Observation.
const (
	MaxEntries = 64
	MaxHeld    = 1000
)

// EntryKind says what happened at a door.
type EntryKind string

// The entry kinds.
const (
	Opened   EntryKind = "opened"
	Denied   EntryKind = "denied"
	Locked   EntryKind = "locked"
	Tampered EntryKind = "tampered"
)

// Entry is one line of a lock's log. It never carries digits.
type Entry struct {
	ID     string
	At     time.Time
	Kind   EntryKind
	Ref    Ref    // the credential that opened, where the lock tells
	Reason string // for Denied: unknown_code, expired_code, too_many_attempts, blocked_by_privacy_mode, …
}
