package engine

import (
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

// View selects what a Query asks for.
type View string

// The views.
const (
	ViewFleet    View = "fleet"    // Snapshot.Devices: a page of rows, sorted and filtered
	ViewDevice   View = "device"   // Snapshot.Device: one device, whole, and Snapshot.Codes: its live codes
	ViewCode     View = "code"     // Snapshot.Codes: one code (also one that is gone)
	ViewToday    View = "today"    // Snapshot.Codes: arrivals within 72 h, departures within 24 h and stays in trouble, most urgent first
	ViewExplain  View = "explain"  // Snapshot.Why: why a code is where it is; also the code and its device
	ViewCodes    View = "codes"    // Snapshot.Codes: a page of live codes of Device, or of every device
	ViewArrivals View = "arrivals" // Snapshot.Codes: starts within 72 h, worst readiness first
	ViewHistory  View = "history"  // Snapshot.Codes: codes of Device that are gone
)

// SortUrgency puts the codes of each page of ViewCodes in the order of ViewToday. The pages themselves stay in the order of ids.
const SortUrgency = "urgency"

// Query asks for one page of one view.
type Query struct {
	View   View
	Device lock.DeviceID
	Code   lock.CodeID
	Sort   string // a column of ViewFleet: name, account, system, link, battery, used, free, set, setting, issues, wake, exposure; "-" in front: descending; in ViewCodes over all devices: SortUrgency
	Filter string // words that must all occur; !word inverts; in ViewFleet col:value looks in one column; also of ViewCodes over all devices
	After  string // the Next of the page before
	Told   bool   // also the digits of codes that were told
	Limit  int    // rows; 0: 100, at most 1000
}

// Snapshot answers a Query, read at one sequence number.
type Snapshot struct {
	Seq     Seq
	Now     time.Time
	Devices []DeviceRow
	Device  *DeviceView
	Codes   []CodeView
	Why     []Cause
	Total   int    // rows that match, over all pages
	Next    string // of the next page; "": this was the last
	Fleet   Totals
}

// Totals count the whole fleet.
type Totals struct {
	Devices, Offline, Issues      int
	Errors                        int // of the issues: what is wrong, not what is only worth knowing
	Set, Setting, Removing, Unset int
	Unknown                       int
	InFlight                      int
	Exposed                       int // devices on which a PIN opens, or may open, that should not
	Verified, Likely              int // devices by the worst of their arrivals and stays
	AtRisk, WillFail              int
}

// DeviceRow is a line of the fleet, small enough to keep for every device in memory.
type DeviceRow struct {
	ID                            lock.DeviceID
	Account                       lock.AccountID
	Hub                           lock.HubID
	Name, System, Model           string
	Native                        bool
	Link                          lock.Reach
	Battery                       lock.Battery
	Slots, Used, Reserved         int // Slots 0: hidden by the vendor
	Set, Setting, Removing, Unset int
	Unknown                       int
	Issues                        int
	Errors                        int    // of the issues: what is wrong, not what is only worth knowing
	Worst                         string // code of the worst issue; "": none
	InFlight                      CallVerb
	Exposed                       bool
	Wake                          time.Time
	Start, End                    time.Time // the next start and the next end
	Readiness                     Readiness // the worst of the arrivals
}

// Free is the number of slots that nothing holds or has reserved, or -1 where the vendor hides them.
func (r DeviceRow) Free() int {
	if r.Slots == 0 {
		return -1
	}
	return max(0, r.Slots-r.Used-r.Reserved)
}

// DeviceView is one device, whole.
type DeviceView struct {
	DeviceRow
	Added    time.Time // zero: not known
	Zone     string
	Traits   lock.Traits
	Policy   Policy
	Modes    []lock.Mode
	Clock    time.Duration // the lock's clock minus ours at the last look; 0 also when not told
	Observed time.Time     // last look that reached the lock; zero: never
	Slots    []SlotView
	Pool     PoolView
	Issues   []Issue
	Exposure Exposure
	Flight   *Flight
	Next     string    // why the next wake
	RetryAt  time.Time // backing off until then; zero: not
	Radio    Radio
	Removed  bool
}

// Radio counts what a device was made to do over the air: the energy ledger.
type Radio struct{ Observes, Sets, Clears int }

// Flight is the call under way.
type Flight struct {
	Verb     CallVerb
	Code     lock.CodeID
	Since    time.Time
	Deadline time.Time
	Reason   string
}

// SlotView sets what is wished for a place on the lock against what it holds. One of the two sides may be empty.
type SlotView struct {
	Slot    int // 0 where the lock has no numbers
	Ref     lock.Ref
	Code    lock.CodeID // the managed code; "": unmanaged or ghost
	Name    string
	Wished  lock.Window
	Held    lock.Window
	Weekly  string // times of the week within Held at which alone it opens; "": all
	State   string // wished, writing, accepted, held, removing, unmanaged, ghost, spare
	Enabled bool
	Seen    time.Time // last observation that showed it
}

// PoolView is the state of a device's backup pool.
type PoolView struct {
	On                  bool
	Want, Ready, Pulled int
	Health              string // "", empty_backup_access_code_pool, partial_backup_access_code_pool, many_active_backup_codes
}

// CodeView is one access code, whole, without its digits.
type CodeView struct {
	ID                lock.CodeID
	Device            lock.DeviceID
	DeviceName, Zone  string // of its device; Zone "": not known
	Name              string
	Type              CodeType
	Status            Status
	Scheduled         bool // held by the lock with its schedule, waiting for its start or in it
	Waiting           bool // the provider chooses the digits and has not told them
	HasPIN            bool
	PIN               lock.PIN  // zero unless the query asked for it and the digits were told
	Starts, Ends      time.Time // Starts also for an ongoing code that begins later
	Created, Told     time.Time
	Deleted, Gone     time.Time
	Native            bool   // how it will be, or was, delivered
	Why               string // why that way
	Evidence          Evidence
	EvidenceAt        time.Time
	Readiness         Readiness // "" unless it arrives within 72 h or is in its window
	Cause, Action     string    // why it is not verified, and the next best action
	Exposure          Exposure
	Issues            []Issue
	Pending           []Mutation
	NextTry           time.Time // of a write or erase that has failed or waits; zero: none
	Reason            string    // what happens next and why
	Attempts          int
	CommonKey, Holder string
	JIT               bool
	AllowExternal     bool
	Backup            bool        // member of the pool, pulled or not
	PulledFor         lock.CodeID // of a pulled spare: the code it stands in for
	Pulled            lock.CodeID // of a code: the spare that stands in
	BackupAvailable   bool
	Offline           lock.OfflineKind
	OneTime           bool
	InHouse           bool
	Line              []Moment // its life, oldest first
}

// Moment is one point of a code's life line.
type Moment struct {
	At   time.Time
	What string // created, written, reported, started, used, ended, cleared, gone, …
	Done bool   // false: expected at At
}

// Mutation is a change that the lock has yet to show.
type Mutation struct {
	Code MutationCode
	Due  time.Time // when work on it begins; zero: now
}

// MutationCode names a pending mutation, as access-code APIs do.
type MutationCode string

// The mutation codes.
const (
	MutCreating MutationCode = "creating"
	MutDeferred MutationCode = "deferring_creation"
	MutCode     MutationCode = "updating_code"
	MutName     MutationCode = "updating_name"
	MutTime     MutationCode = "updating_time_frame"
	MutDeleting MutationCode = "deleting"
)

// CodeType tells a code with an end from one without.
type CodeType string

// The code types.
const (
	Ongoing   CodeType = "ongoing"
	TimeBound CodeType = "time_bound"
)

// Status is what a code's users are told. It is always derived, never stored.
type Status string

// The statuses. StatusGone is a code in history.
const (
	StatusUnset    Status = "unset"
	StatusSetting  Status = "setting"
	StatusSet      Status = "set"
	StatusRemoving Status = "removing"
	StatusUnknown  Status = "unknown"
	StatusGone     Status = "gone"
)

// Evidence is how sure we are that a lock holds a code.
type Evidence string

// The evidence ladder.
const (
	EvidenceNone      Evidence = "none"
	EvidenceRequested Evidence = "requested"
	EvidenceAccepted  Evidence = "accepted"
	EvidenceReported  Evidence = "reported"
	EvidenceUsed      Evidence = "used"
)

// Readiness is whether an arrival within 72 h will get in.
type Readiness string

// The readiness levels, best first.
const (
	ReadyVerified Readiness = "verified"
	ReadyLikely   Readiness = "likely"
	ReadyAtRisk   Readiness = "at_risk"
	ReadyWillFail Readiness = "will_fail"
)

// Exposure is time during which a PIN opened, or may have opened, a door that it should not.
type Exposure struct {
	Since      time.Time     `json:",omitzero"` // of the exposure that goes on; zero: none does
	Past       time.Duration `json:",omitzero"` // of exposures that ended
	Unverified bool          `json:",omitzero"` // the erase can't be confirmed on this lock
}

// Total is the exposure up to now.
func (x Exposure) Total(now time.Time) time.Duration {
	if x.Since.IsZero() {
		return x.Past
	}
	return x.Past + now.Sub(x.Since)
}

// Issue is something wrong, with its remedy. Code and the texts come from the catalogue.
type Issue struct {
	Code      string
	Case      IssueCase `json:",omitzero"` // which of several things Code means; "": the usual one
	Class     Class
	Message   string
	Remedy    string
	Definite  bool `json:",omitzero"` // trying the same again cannot help
	Retryable bool `json:",omitzero"` // it is tried again without being asked
	Blame     driver.Blame
	Vendor    string      `json:",omitzero"` // the vendor's own code
	Since     time.Time   `json:",omitzero"`
	Until     time.Time   `json:",omitzero"` // keypad_lockout
	Other     lock.CodeID `json:",omitzero"` // the managed code it conflicts with
	OtherRef  lock.Ref    `json:",omitzero"` // the unmanaged credential it conflicts with
}

// IssueCase tells what one code means here, for programs: the texts are for people alone.
type IssueCase string

// The cases that are not the usual ones.
const (
	CaseOverwritten IssueCase = "overwritten" // failed_to_remove_from_device: its digits are, so that no PIN opens it
	CaseAsked       IssueCase = "asked"       // conflicting_external_modification: it stays until the operator says what is to count
)

// Class tells an error from a warning, and both from a refusal of a command.
type Class string

// The classes.
const (
	ClassError   Class = "error"
	ClassWarning Class = "warning"
	ClassRefusal Class = "refusal"
)

// Refusal is the error of a command that was not taken.
type Refusal struct {
	Issue
	Field string // the field of the command that breaks the rule; "": none in particular
}

func (r *Refusal) Error() string {
	s := r.Message
	if r.Field != "" {
		s = r.Field + ": " + s
	}
	if r.Remedy != "" {
		s += " (" + r.Remedy + ")"
	}
	return s
}
