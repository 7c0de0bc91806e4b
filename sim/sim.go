// Package sim is the simulated world of locks: without it nobody could tell what a code does at a door before people stand
// there. It is a kernel of virtual time, lock devices with their own clocks and keypads, hubs, links, and faults. It knows no
// engine; what it does with a PIN at the keypad is the truth that the engine is judged by.
package sim

import (
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// Spec describes a fleet as data.
type Spec struct {
	Accounts []AccountSpec
	Hubs     []HubSpec
	Locks    []LockSpec
}

// AccountSpec is one login at one (simulated) provider. An account that a lock names but the spec lacks is made with zero
// values.
type AccountSpec struct {
	ID      lock.AccountID
	Rate    int           `json:",omitzero"` // requests a minute before 429; 0: no limit
	Latency time.Duration `json:",omitzero"` // mean one-way latency of the cloud; 0: 150 ms

	// Times are the check-in and check-out times of the house, where its locks take predefined ones only; empty: the profile's.
	Times []lock.TimeSlot `json:",omitzero"`
}

// HubSpec is a bridge between an account and its locks. A hub that a lock names but the spec lacks is made with zero values.
type HubSpec struct {
	ID      lock.HubID
	Account lock.AccountID // "": that of the first lock that names it
	Queue   int            `json:",omitzero"` // jobs it takes at once; 0: 20
	Pace    time.Duration  `json:",omitzero"` // time it needs per job; 0: none
}

// LockSpec is one lock. Model names a profile ("jit.keypad", "native.keypad", "ttlock", …).
type LockSpec struct {
	ID      lock.DeviceID
	Model   string
	Name    string         `json:",omitzero"` // "": the ID
	Account lock.AccountID `json:",omitzero"` // "": "account"
	Hub     lock.HubID     `json:",omitzero"`
	Zone    string         `json:",omitzero"` // IANA; "": the profile's; "none": unknown to everybody
	Slots   int            `json:",omitzero"` // overrides the profile's capacity, at most 1000; 0: the profile's
	Drift   time.Duration  `json:",omitzero"` // its clock's error at the start
	Battery float64        `json:",omitzero"` // 0 to 1; 0: full
	Radio   time.Duration  `json:",omitzero"` // mean one-way latency from the hub; 0: the profile's
}

// Fault is a trouble as plain data. Its kind's registry row says which layer it belongs to, what it may be placed on and
// which parameters it reads.
type Fault struct {
	ID    string             // given by Inject
	On    string             // a lock, hub or account id
	Kind  string             // "offline", "lost-ack", "429", …
	From  time.Time          `json:",omitzero"` // zero: now
	For   time.Duration      `json:",omitzero"` // 0: until healed
	Op    string             `json:",omitzero"` // only for this verb: observe, set, clear; "": all
	After int                `json:",omitzero"` // spares the first so many matching calls
	P     float64            `json:",omitzero"` // probability per call; 0: 1
	Args  map[string]float64 `json:",omitzero"` // the kind's own parameters, durations in seconds
	Text  string             `json:",omitzero"` // the kind's own text parameter: a zone, a mode, a PIN, …
}

// Call is one driver attempt as the fleet sees it.
type Call struct {
	ID       string
	Verb     string // observe, set, clear
	Device   lock.DeviceID
	Want     lock.Credential
	At       lock.Ref
	Known    driver.Known
	Deadline time.Time

	// For façades of clouds that keep a queue of their own, which pass on later what they have taken: the call ends in the cloud if
	// Taken is not nil, and Taken runs when it has got there and was let in; Passed begins there, past the cloud's troubles, its
	// request having been found good.
	Taken  func()
	Passed bool
}

// Result is the end of a Call.
type Result struct {
	Err         *driver.Error
	Observation lock.Observation
	Held        lock.Held
}

// Try is the answer of a keypad.
type Try struct {
	Opens  bool
	Reason string      // why not: unknown_code, outside_window, disabled, privacy, vacation, lockout, jammed, dead_battery, …
	Code   lock.CodeID // of the entry that matched, whose Credential.Code it was written with; "": none or foreign
	Ref    lock.Ref    // of the entry that matched
	Window lock.Window // as the lock held it
}

// Record is something that happened in the world, for traces, timelines and checkers. Its texts never carry digits.
type Record struct {
	At     time.Time
	Kind   RecordKind
	Device lock.DeviceID `json:",omitzero"`
	Code   lock.CodeID   `json:",omitzero"`
	Slot   int           `json:",omitzero"`
	Window lock.Window   `json:",omitzero"` // of KindMemory: as the lock now holds it
	On     string        `json:",omitzero"` // of KindFault, KindHeal: the target
	Name   string        `json:",omitzero"` // call verb, event type, fault kind, try verdict, memory change
	Text   string        `json:",omitzero"`
}

// RecordKind sorts records.
type RecordKind string

// The record kinds. The first six come from the fleet, the others from whoever hosts it.
const (
	KindMemory  RecordKind = "lock"    // a lock's memory changed: Name is written, rewritten, erased, enabled or disabled
	KindTry     RecordKind = "try"     // somebody typed: Name is opens or refused
	KindFault   RecordKind = "fault"   // a fault begins
	KindHeal    RecordKind = "heal"    // a fault ends
	KindFired   RecordKind = "fired"   // a fault changed something, first time only per fault
	KindNotice  RecordKind = "notice"  // a cloud pushes a hint
	KindCall    RecordKind = "call"    // the engine calls
	KindOutcome RecordKind = "outcome" // the call ends
	KindEvent   RecordKind = "event"   // a line of the engine's journal
	KindStep    RecordKind = "step"    // a step of a scenario, or of a person
	KindEngine  RecordKind = "engine"  // stopped, started, killed
	KindBreach  RecordKind = "breach"  // a checker found a promise broken
)

// EditKind is something that a person does at the lock or in the vendor's app.
type EditKind string

// The edits.
const (
	EditAdd     EditKind = "add"     // a new code
	EditRemove  EditKind = "remove"  // forget the one named
	EditPIN     EditKind = "pin"     // other digits for the one named
	EditDisable EditKind = "disable" // switched off in the app, still held
	EditEnable  EditKind = "enable"
	EditWindow  EditKind = "window" // another schedule
	EditName    EditKind = "name"
	EditReset   EditKind = "reset"   // factory reset: everything forgotten
	EditBattery EditKind = "battery" // fresh batteries: level full, clock perhaps lost
)

// Edit is a change made by hand. One of Code, Ref or Slot names the entry, except for add, reset and battery.
type Edit struct {
	Lock   lock.DeviceID
	Kind   EditKind
	Code   lock.CodeID
	Ref    lock.Ref
	Slot   int
	PIN    lock.PIN
	Name   string
	Window lock.Window
}
