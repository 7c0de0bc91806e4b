package scenario

import (
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// File is one scenario, checked: every name in it is known, every `*` and fleet is spelt out, every time is an instant in
// UTC.
type File struct {
	Path     string
	Name     string
	About    string
	Start    time.Time
	Run      time.Duration
	Seed     uint64
	Needs    []Need
	Spec     sim.Spec
	Policies []Policy
	Steps    []Step   // by At, then as they stand in the file
	Expects  []Expect // by At, then as they stand in the file
	Check    Check
}

// End is the last instant of the run.
func (f *File) End() time.Time { return f.Start.Add(f.Run) }

// Policy overrides numbers of the engine's policy from the start: for an account, a device, or (both empty) everybody.
type Policy struct {
	Account lock.AccountID
	Device  lock.DeviceID
	Patch   engine.PolicyPatch
}

// Step is one thing that happens at an instant.
type Step struct {
	Pos
	ID      string // of a command or a fault; the faults of one step share it; "": not named
	At      time.Time
	Do      Do
	Refused string // the command must be refused with this code; "": it must be accepted
	Field   string // and the refusal must name this field; "": whatever
	Needs   []Need // at a vendor's locks without one of them the story goes on without the step
}

// Do is what a step does: Command, AddLock, Fault, Heal, Type, Edit, Stop, Kill or Note.
type Do interface{ verb() string }

// Command gives the engine a command. Code ids in Action are the file's names; a pulled spare's is bound when it is pulled.
type Command struct {
	Action engine.Action
	Key    string      // idempotency key; "": none
	DryRun bool        // decided, but nothing changes
	As     lock.CodeID // of a pull: the spare's name in the file
	Undoes string      // of an undo: the id of the step
	Common lock.CodeID // of an update_many: the code whose common key is meant; "": Action names the key
	Slot   int         // of adopt and delete_unmanaged: the slot of the foreign code; 0: Name is given
	Name   string      // the name of the foreign code
}

// AddLock mounts a lock and puts it under management.
type AddLock struct{ Lock sim.LockSpec }

// Fault places a fault. From is the step's instant.
type Fault struct{ Fault sim.Fault }

// Heal ends what a fault step has placed, or every fault on a target.
type Heal struct {
	Step   string // the id of the step; "": Target is given
	Target string
}

// Type is somebody typing at a keypad.
type Type struct {
	Lock   lock.DeviceID
	Code   lock.CodeID // types the digits that were last told for it; "": PIN is given
	PIN    lock.PIN
	Opens  *bool  // what must happen; nil: whatever
	Reason string // why it must not open; "": whatever
}

// Edit is somebody at the lock or in the vendor's app. The entry is named by Edit.Code, Edit.Slot or Entry.
type Edit struct{ Edit sim.Edit }

// Stop keeps the engine from running for a while.
type Stop struct{ For time.Duration }

// Kill ends the engine at its Nth effect from now; it is restarted at once.
type Kill struct{ Nth int }

// Note puts a sentence into the trace.
type Note struct{ Text string }

func (c Command) verb() string { return c.Action.Verb() }
func (AddLock) verb() string   { return "add_lock" }
func (Fault) verb() string     { return "fault" }
func (Heal) verb() string      { return "heal" }
func (Type) verb() string      { return "type" }
func (Edit) verb() string      { return "edit" }
func (Stop) verb() string      { return "stop" }
func (Kill) verb() string      { return "kill" }
func (Note) verb() string      { return "note" }

// Expect is something that must be true at an instant. Exactly one of Code, Lock and Event is set.
type Expect struct {
	Pos
	At    time.Time
	Code  *ExpectCode
	Lock  *ExpectLock
	Event *ExpectEvent
	Needs []Need // at a vendor's locks without one of them it is not looked at
}

// ExpectCode is about access codes. Nil and empty fields are not looked at.
type ExpectCode struct {
	Codes        []lock.CodeID
	Count        *int // so many of Codes fit; nil: all of them
	Status       *engine.Status
	Type         *engine.CodeType
	Scheduled    *bool
	Native       *bool
	Evidence     *engine.Evidence
	Readiness    *engine.Readiness
	Issues       []string // each is there
	NoIssues     []string // none is there
	Clean        bool     // no issue at all
	Blame        *string  // of the first of Issues, or of any issue
	Other        *string  // of the first of Issues, or of any issue: a code, or an unmanaged one's handle
	Mutation     *string  // "": none is pending
	Pulled       *bool
	InHouse      *bool
	ExposureMin  *time.Duration
	ExposureMax  *time.Duration
	Unverified   *bool
	Starts, Ends *time.Time
	Held         *bool // some lock's memory holds it: the truth, not the engine's view
	Opens        *bool // its digits would open its lock now: the truth
	Digits       *int  // the lock knows it by so many digits: the truth
}

// ExpectLock is about locks. Nil and empty fields are not looked at.
type ExpectLock struct {
	Locks       []lock.DeviceID
	Count       *int // so many of Locks fit; nil: all of them
	Held        *int // entries in the lock's memory: the truth
	Unmanaged   *int
	Pool        *int // spares that are ready
	SlotsFree   *int
	Issues      []string
	NoIssues    []string
	Clean       bool
	Blame       *string // of the first of Issues, or of any issue
	Link        *lock.Reach
	RadioMax    *int // calls it was made to answer
	ExposureMin *time.Duration
	ExposureMax *time.Duration
}

// ExpectEvent counts lines of the engine's journal in [From, To).
type ExpectEvent struct {
	Type     string
	Codes    []lock.CodeID   // empty: of any code
	Locks    []lock.DeviceID // empty: of any lock
	From, To time.Time       // To is the expectation's instant, included, if the file gives no span
	Closed   bool            // To itself belongs to the span
	Min, Max int             // Max -1: no bound
}

// Check is what must hold over the whole run.
type Check struct {
	Always    []string     // rules of the checkers; empty: all
	Sometimes []Occurrence // must happen at least once
	Limits    Limits
	PerLock   map[lock.DeviceID]Limits
	PerSystem map[string]Limits // replaces Limits where the story runs on that system
	Lenient   bool              // a step that can't be done is no failure: its command is refused, its entry isn't there, …
}

// Occurrence is something that must happen at least once in the run.
type Occurrence struct {
	Pos
	Kind string // fault, event or issue
	Name string
}

// Limits bound a run. Nil fields do not.
type Limits struct {
	Pos
	Exposure               *time.Duration
	Sets, Clears, Observes *int
}
