package tui

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

var berlin = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}()

// start is the fake host's now: a Saturday, the day before clocks go forward.
var start = time.Date(2026, 3, 28, 11, 42, 7, 0, berlin)

// fakeHost answers from tables in memory, and remembers what it was asked.
type fakeHost struct {
	now       time.Time
	seq       engine.Seq
	rows      []engine.DeviceRow
	devices   map[lock.DeviceID]engine.DeviceView
	codes     map[lock.DeviceID][]engine.CodeView
	events    []engine.Event
	submitted []engine.Command
	answer    func(engine.Command) (engine.Receipt, error)
	queries   int
	thinks    func()                               // what an answer costs
	lists     func(engine.Query, *engine.Snapshot) // answers for lists of codes; nil: from codes
}

func (f *fakeHost) Now() time.Time { return f.now }

func (f *fakeHost) Bell(context.Context) <-chan struct{} { return make(chan struct{}) }

func (f *fakeHost) Submit(_ context.Context, c engine.Command) (engine.Receipt, error) {
	f.submitted = append(f.submitted, c)
	if f.answer != nil {
		return f.answer(c)
	}
	return engine.Receipt{Seq: f.seq, At: f.now}, nil
}

func (f *fakeHost) Journal(_ context.Context, after engine.Seq, limit int) ([]engine.Event, error) {
	var out []engine.Event
	for _, e := range f.events {
		if e.Seq > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (f *fakeHost) Snapshot(_ context.Context, q engine.Query) (engine.Snapshot, error) {
	f.queries++
	if f.thinks != nil {
		f.thinks()
	}
	s := engine.Snapshot{Seq: f.seq, Now: f.now, Fleet: f.totals()}
	switch q.View {
	case engine.ViewFleet:
		f.page(q, &s)
	case engine.ViewToday, engine.ViewCodes, engine.ViewHistory:
		f.list(q, &s)
	case engine.ViewExplain:
		s.Why = []engine.Cause{
			{Text: "a code for a stay is wished", Because: []engine.Cause{{Text: "asked for", At: f.now.Add(-50 * time.Hour)}, {Text: "opens from", At: f.now.Add(18 * time.Minute)}}},
			{Text: "it is written just in time", Because: []engine.Cause{{Text: "the lock has no schedule of its own"}, {Text: "writing is due", At: f.now.Add(-12 * time.Minute)}}},
			{Text: "nothing of it stands on the lock", Mood: engine.MoodWaits},
			{Text: "tries to set it again", At: f.now.Add(4 * time.Minute), Mood: engine.MoodWaits, Because: []engine.Cause{{Text: "its hub does not answer", Mood: engine.MoodBad}, {Text: "failed 2 times in a row", Mood: engine.MoodBad}}},
			{Text: "whoever has the digits may not get in", Mood: engine.MoodBad, Because: []engine.Cause{{Text: "the last write failed"}, {Text: "what helps: watch it, or give a backup code", Mood: engine.MoodWaits}}},
		}
	case engine.ViewDevice:
		if d, ok := f.devices[q.Device]; ok {
			s.Device, s.Codes = &d, f.codes[q.Device]
		}
	case engine.ViewCode:
		for _, row := range f.rows {
			for _, c := range f.codes[row.ID] {
				if c.ID == q.Code {
					s.Codes = []engine.CodeView{c}
				}
			}
		}
	}
	return s, nil
}

// list answers for a list of codes; today's are those with a readiness, the worst first.
func (f *fakeHost) list(q engine.Query, s *engine.Snapshot) {
	if f.lists != nil {
		f.lists(q, s)
		return
	}
	for _, r := range f.rows {
		for _, c := range f.codes[r.ID] {
			c.DeviceName, c.Zone = r.Name, "Europe/Berlin"
			in := strings.ToLower(c.Name + " " + r.Name)
			gone := c.Status == engine.StatusGone
			if strings.Contains(in, strings.ToLower(q.Filter)) && gone == (q.View == engine.ViewHistory) && (q.View != engine.ViewToday || c.Readiness != "" || c.Status == engine.StatusRemoving) && (q.Device == "" || q.Device == r.ID) {
				s.Codes = append(s.Codes, c)
			}
		}
	}
	if q.View == engine.ViewToday {
		worst := []engine.Readiness{engine.ReadyWillFail, "", engine.ReadyAtRisk, engine.ReadyLikely, engine.ReadyVerified}
		sort.SliceStable(s.Codes, func(i, j int) bool {
			return slices.Index(worst, s.Codes[i].Readiness) < slices.Index(worst, s.Codes[j].Readiness)
		})
	}
	s.Total = len(s.Codes)
}

// page answers a fleet query; a cursor is the index of the next row. Sorting a large fleet is the host's business, so only
// small ones are really sorted.
func (f *fakeHost) page(q engine.Query, s *engine.Snapshot) {
	rows := f.rows
	if q.Filter != "" {
		rows = nil
		for _, r := range f.rows {
			if strings.Contains(strings.ToLower(r.Name), strings.ToLower(q.Filter)) {
				rows = append(rows, r)
			}
		}
	}
	at := func(i int) engine.DeviceRow { return rows[i] }
	down := strings.HasPrefix(q.Sort, "-")
	if by := strings.TrimPrefix(q.Sort, "-"); by != "name" {
		rows = append([]engine.DeviceRow{}, rows...)
		sort.SliceStable(rows, func(i, j int) bool {
			return by == "issues" && rows[i].Issues < rows[j].Issues || by == "battery" && rows[i].Battery.Level < rows[j].Battery.Level
		})
	}
	if down {
		at = func(i int) engine.DeviceRow { return rows[len(rows)-1-i] }
	}
	from, _ := strconv.Atoi(q.After)
	limit := q.Limit
	if limit == 0 {
		limit = 100
	}
	for i := from; i < min(len(rows), from+limit); i++ {
		s.Devices = append(s.Devices, at(i))
	}
	s.Total = len(rows)
	if from+limit < len(rows) {
		s.Next = strconv.Itoa(from + limit)
	}
}

func (f *fakeHost) totals() engine.Totals {
	if len(f.rows) > 100 {
		return engine.Totals{Devices: len(f.rows), Set: 2 * len(f.rows)}
	}
	t := engine.Totals{Devices: len(f.rows)}
	for _, r := range f.rows {
		t.Set += r.Set
		t.Setting += r.Setting
		t.Removing += r.Removing
		t.Unset += r.Unset
		t.Unknown += r.Unknown
		t.Issues += r.Issues
		t.Errors += r.Errors
		if r.Link != lock.Reached {
			t.Offline++
		}
		if r.InFlight != "" {
			t.InFlight++
		}
		switch r.Readiness {
		case engine.ReadyWillFail:
			t.WillFail++
		case engine.ReadyAtRisk:
			t.AtRisk++
		case engine.ReadyLikely:
			t.Likely++
		case engine.ReadyVerified:
			t.Verified++
		}
		if r.Exposed {
			t.Exposed++
		}
	}
	return t
}

// manyLocks is a host of n plain locks.
func manyLocks(n int) *fakeHost {
	f := &fakeHost{now: start, seq: 1}
	for i := range n {
		f.rows = append(f.rows, engine.DeviceRow{
			ID: lock.DeviceID(fmt.Sprintf("room-%05d", i)), Name: fmt.Sprintf("Room %05d", i), Account: "a", System: "ttlock", Link: lock.Reached,
			Battery: lock.Battery{Known: true, Level: 0.8}, Slots: 250, Used: 2, Set: 2, Wake: start.Add(time.Hour),
		})
	}
	return f
}

// smallHotel is a fleet in which everything that the screens can show happens.
func smallHotel() *fakeHost {
	at := func(d time.Duration) time.Time { return start.Add(d) }
	full := func(level float64) lock.Battery { return lock.Battery{Known: true, Level: level} }
	f := &fakeHost{now: start, seq: 412, devices: map[lock.DeviceID]engine.DeviceView{}, codes: map[lock.DeviceID][]engine.CodeView{}}
	f.rows = []engine.DeviceRow{
		{ID: "annex", Name: "Annex", Account: "salto", System: "salto", Link: lock.Reached, Battery: full(0.55), Slots: 40, Used: 4, Set: 3, Unset: 1, Native: true, Wake: at(6 * time.Hour)},
		{ID: "attic", Name: "Attic", Account: "nuki", Hub: "bridge-2", System: "nuki", Link: lock.HubDown, Battery: full(0.71), Slots: 100, Used: 2, Set: 1, Unknown: 1, Issues: 1, Errors: 1, Worst: "hub_disconnected", Readiness: engine.ReadyAtRisk, Wake: at(4 * time.Minute)},
		{ID: "cellar", Name: "Cellar", Account: "nuki", Hub: "bridge-1", System: "nuki", Link: lock.Reached, Battery: full(0.09), Slots: 100, Used: 1, Set: 1, Issues: 1, Worst: "low_battery", Wake: at(17 * time.Hour)},
		{ID: "front", Name: "Front door", Account: "ttlock", System: "ttlock", Native: true, Link: lock.Reached, Battery: full(0.82), Slots: 30, Used: 5, Set: 2, Setting: 1, Unset: 1, Issues: 1, Worst: "rounded", Readiness: engine.ReadyLikely, InFlight: engine.CallSet, Wake: at(8 * time.Second)},
		{ID: "garage", Name: "Garage", Account: "smart", System: "smartthings", Link: lock.Reached, Battery: full(0.44), Slots: 8, Used: 8, Set: 7, Unset: 1, Issues: 1, Errors: 1, Worst: "no_space_for_access_code_on_device", Readiness: engine.ReadyWillFail, Wake: at(18 * time.Minute)},
		{ID: "gate", Name: "Gate", Account: "2n", System: "2n", Native: true, Link: lock.Reached, Slots: 0, Used: 61, Set: 58, Unset: 3, Wake: at(49 * time.Hour)},
		{ID: "laundry", Name: "Laundry", Account: "schlage", System: "schlage", Native: true, Link: lock.Reached, Battery: full(0.93), Slots: 30, Used: 3, Set: 3, Wake: at(21 * time.Hour)},
		{ID: "lobby", Name: "Lobby", Account: "salto", System: "salto", Native: true, Link: lock.Reached, Battery: full(0.67), Slots: 40, Used: 12, Set: 12, Wake: at(23 * time.Hour)},
		{ID: "office", Name: "Office", Account: "igloo", System: "igloohome", Link: lock.Reached, Battery: full(0.61), Slots: 200, Used: 0, Set: 2, Wake: at(9 * time.Hour)},
		{ID: "roof", Name: "Roof terrace", Account: "smart", System: "smartthings", Link: lock.LockDown, Battery: full(0.22), Slots: 30, Used: 2, Removing: 1, Issues: 1, Worst: "exposed", Exposed: true, Wake: at(10 * time.Minute)},
		{ID: "suite-1", Name: "Suite 1", Account: "august", System: "august", Native: true, Link: lock.Reached, Battery: full(0.88), Slots: 250, Used: 4, Set: 4, Readiness: engine.ReadyVerified, Wake: at(3 * time.Hour)},
		{ID: "suite-2", Name: "Suite 2", Account: "august", System: "august", Native: true, Link: lock.ReachUnknown, Slots: 250, Wake: at(2 * time.Second)},
	}
	f.frontDoor(at)
	for _, r := range f.rows {
		if _, ok := f.devices[r.ID]; !ok {
			f.devices[r.ID] = engine.DeviceView{DeviceRow: r, Zone: "Europe/Berlin", Traits: lock.Traits{Slots: r.Slots}, Observed: at(-2 * time.Hour), Next: "routine look"}
		}
	}
	f.codes["garage"] = []engine.CodeView{
		{ID: "park", Device: "garage", Name: "Park", Type: engine.TimeBound, Status: engine.StatusUnset, HasPIN: true, Created: at(-20 * time.Hour), Starts: at(3 * time.Hour), Ends: at(51 * time.Hour), Evidence: engine.EvidenceNone, Attempts: 3, NextTry: at(18 * time.Minute),
			Readiness: engine.ReadyWillFail, Cause: "every slot of the lock is taken", Action: "remove a code that nobody needs", Why: "the lock has no schedule of its own", Reason: "tries to set it again", Pending: []engine.Mutation{{Code: engine.MutCreating, Due: at(18 * time.Minute)}},
			Issues: []engine.Issue{{Code: "no_space_for_access_code_on_device", Class: engine.ClassError, Message: "every slot of the lock is taken", Remedy: "remove a code that nobody needs", Since: at(-time.Hour)}}},
	}
	f.codes["attic"] = []engine.CodeView{
		{ID: "lopez", Device: "attic", Name: "Lopez", Type: engine.TimeBound, Status: engine.StatusUnset, HasPIN: true, Told: at(-time.Hour), Created: at(-50 * time.Hour), Starts: at(18 * time.Minute), Ends: at(48 * time.Hour), Evidence: engine.EvidenceRequested, Attempts: 2, NextTry: at(4 * time.Minute),
			Readiness: engine.ReadyAtRisk, Cause: "the last write failed", Action: "watch it, or give a backup code", BackupAvailable: true, Why: "the lock has no schedule of its own", Reason: "tries to set it again"},
	}
	f.codes["roof"] = []engine.CodeView{
		{ID: "party", Device: "roof", Name: "Party", Type: engine.TimeBound, Status: engine.StatusRemoving, HasPIN: true, Told: at(-40 * time.Hour), Created: at(-60 * time.Hour), Starts: at(-30 * time.Hour), Ends: at(-42 * time.Minute), Evidence: engine.EvidenceReported, EvidenceAt: at(-50 * time.Minute),
			Exposure: engine.Exposure{Since: at(-42 * time.Minute)}, Line: []engine.Moment{{At: at(-30*time.Hour - 20*time.Minute), What: "accepted", Done: true}}, Reason: "erased as soon as the lock answers", Pending: []engine.Mutation{{Code: engine.MutDeleting}}},
	}
	f.codes["suite-1"] = []engine.CodeView{
		{ID: "meyer", Device: "suite-1", Name: "Meyer", Type: engine.TimeBound, Status: engine.StatusSet, HasPIN: true, InHouse: true, Told: at(-50 * time.Hour), Created: at(-60 * time.Hour), Starts: at(-20 * time.Hour), Ends: at(23 * time.Hour), Evidence: engine.EvidenceUsed, EvidenceAt: at(-20 * time.Minute), Readiness: engine.ReadyVerified, Native: true, Reason: "nothing to do", Line: []engine.Moment{{At: at(-50 * time.Hour), What: "accepted", Done: true}}},
	}
	f.events = []engine.Event{
		{Seq: 401, At: at(-3 * time.Hour), Type: "device.connected", Device: "attic", Account: "nuki"},
		{Seq: 402, At: at(-2 * time.Hour), Type: "command.create", Device: "front", Code: "smith", Actor: "anna", Text: "Smith on Front door, Sat 12:00 to Mon 11:00"},
		{Seq: 403, At: at(-2*time.Hour + 3*time.Second), Type: "access_code.scheduled_on_device", Device: "front", Code: "smith"},
		{Seq: 404, At: at(-95 * time.Minute), Type: "device.low_battery", Device: "cellar", Issue: &engine.Issue{Code: "low_battery", Class: engine.ClassWarning, Message: "the battery is low"}},
		{Seq: 405, At: at(-44 * time.Minute), Type: "device.disconnected", Device: "roof", Issue: &engine.Issue{Code: "device_disconnected", Class: engine.ClassError, Message: "the lock does not answer"}},
		{Seq: 406, At: at(-42 * time.Minute), Type: "access_code.delay_in_removing_from_device", Device: "roof", Code: "party", Issue: &engine.Issue{Code: "delay_in_removing_from_device", Class: engine.ClassWarning, Message: "the code should be gone from the lock and is not known to be"}},
		{Seq: 407, At: at(-20 * time.Minute), Type: "lock.unlocked", Device: "suite-1", Code: "meyer", Text: "opened with Meyer"},
		{Seq: 408, At: at(-4 * time.Minute), Type: "device.disconnected", Device: "attic", Issue: &engine.Issue{Code: "hub_disconnected", Class: engine.ClassError, Message: "the hub does not answer"}},
		{Seq: 409, At: at(-1 * time.Minute), Type: "command.create", Device: "front", Code: "cleaner", Actor: "anna", Text: "Cleaner on Front door, ongoing"},
		{Seq: 412, At: at(-9 * time.Second), Type: "access_code.set_on_device", Device: "front", Code: "owner"},
	}
	return f
}

func (f *fakeHost) frontDoor(at func(time.Duration) time.Time) {
	var row engine.DeviceRow
	for _, r := range f.rows {
		if r.ID == "front" {
			row = r
		}
	}
	noon, monday := time.Date(2026, 3, 28, 12, 0, 0, 0, berlin), time.Date(2026, 3, 30, 11, 0, 0, 0, berlin)
	stay := lock.Window{From: noon, To: monday}
	next := lock.Window{From: monday.Add(4 * time.Hour), To: monday.Add(28 * time.Hour)}
	rounded := engine.Issue{Code: "rounded", Class: engine.ClassWarning, Message: "the lock keeps a shorter window than wished", Remedy: "it ends 11:00 instead of 11:20", Since: at(-2 * time.Hour)}
	f.devices["front"] = engine.DeviceView{
		DeviceRow: row, Zone: "Europe/Berlin", Clock: 4 * time.Second, Observed: at(-4 * time.Minute),
		Traits: lock.Traits{NativeSchedule: true, Slots: 30, PINLengths: []int{4, 5, 6, 7, 8}, UpdatesInPlace: true, ReportsEntry: true, Granularity: time.Hour,
			Constraints: []lock.Constraint{{Kind: lock.NoZeros}, {Kind: lock.NotAllSame}}},
		Pool:   engine.PoolView{On: true, Want: 3, Ready: 1, Pulled: 1},
		Issues: []engine.Issue{{Code: "partial_backup_access_code_pool", Class: engine.ClassWarning, Message: "fewer backup codes are ready than wished", Remedy: "free slots, or lower backup_pool_size"}},
		Flight: &engine.Flight{Verb: engine.CallSet, Code: "cleaner", Since: at(-3 * time.Second), Deadline: at(27 * time.Second), Reason: "Cleaner is due now"},
		Slots: []engine.SlotView{
			{Slot: 1, Ref: "1", Code: "owner", Name: "Owner", State: "held", Enabled: true, Seen: at(-4 * time.Minute)},
			{Slot: 2, Ref: "2", Code: "smith", Name: "Smith", Wished: stay, Held: stay, State: "held", Enabled: true, Seen: at(-4 * time.Minute)},
			{Slot: 3, Code: "cleaner", Name: "Cleaner", State: "writing"},
			{Slot: 4, Ref: "4", Code: "spare-1", Name: "Spare 1", State: "spare", Enabled: true, Seen: at(-4 * time.Minute)},
			{Slot: 5, Ref: "9", Name: "Handyman", State: "unmanaged", Enabled: true, Seen: at(-4 * time.Minute)},
			{Code: "jones", Name: "Jones", Wished: next, State: "wished"},
		},
	}
	f.codes["front"] = []engine.CodeView{
		{ID: "owner", Device: "front", Name: "Owner", Type: engine.Ongoing, Status: engine.StatusSet, HasPIN: true, Told: at(-90 * 24 * time.Hour), Created: at(-90 * 24 * time.Hour), Evidence: engine.EvidenceUsed, EvidenceAt: at(-7 * time.Hour), Reason: "nothing to do",
			Line: []engine.Moment{{At: at(-90 * 24 * time.Hour), What: "created", Done: true}, {At: at(-90 * 24 * time.Hour), What: "accepted", Done: true}, {At: at(-7 * time.Hour), What: "opened the door", Done: true}}},
		{ID: "smith", Device: "front", Name: "Smith", Type: engine.TimeBound, Status: engine.StatusUnset, Scheduled: true, HasPIN: true, Told: at(-2 * time.Hour), Created: at(-2 * time.Hour), Starts: noon, Ends: monday, Native: true,
			Why: "the lock keeps schedules", Evidence: engine.EvidenceReported, EvidenceAt: at(-4 * time.Minute), Readiness: engine.ReadyVerified, Issues: []engine.Issue{rounded}, BackupAvailable: true,
			Reason: "the lock opens for it by its own clock at 12:00",
			Line: []engine.Moment{{At: at(-2 * time.Hour), What: "created", Done: true}, {At: at(-2*time.Hour + 3*time.Second), What: "written", Done: true}, {At: at(-4 * time.Minute), What: "reported", Done: true},
				{At: noon, What: "starts"}, {At: monday, What: "ends"}, {At: monday.Add(time.Minute), What: "erased"}}},
		{ID: "cleaner", Device: "front", Name: "Cleaner", Type: engine.Ongoing, Status: engine.StatusSetting, HasPIN: true, Created: at(-time.Minute), Evidence: engine.EvidenceRequested, EvidenceAt: at(-3 * time.Second),
			Pending: []engine.Mutation{{Code: engine.MutCreating}}, Reason: "being written now", Readiness: engine.ReadyLikely,
			Line: []engine.Moment{{At: at(-time.Minute), What: "created", Done: true}, {At: at(27 * time.Second), What: "written"}}},
		{ID: "jones", Device: "front", Name: "Jones", Type: engine.TimeBound, Status: engine.StatusUnset, HasPIN: true, Created: at(-26 * time.Hour), Starts: next.From, Ends: next.To, Native: true, Evidence: engine.EvidenceNone,
			Pending: []engine.Mutation{{Code: engine.MutDeferred, Due: at(2 * time.Hour)}}, Reason: "loaded 72 h before its start"},
		{ID: "spare-1", Device: "front", Name: "Spare 1", Type: engine.Ongoing, Status: engine.StatusSet, HasPIN: true, Backup: true, Created: at(-40 * 24 * time.Hour), Evidence: engine.EvidenceReported, EvidenceAt: at(-4 * time.Minute)},
	}
}

// fakeLab is the lab of a fakeHost.
type fakeLab struct {
	host  *fakeHost
	state lab.State
	calls []string
	opens map[string]lab.Try
}

func newFakeLab(h *fakeHost) *fakeLab {
	return &fakeLab{host: h, opens: map[string]lab.Try{}, state: lab.State{Start: start, Seed: 7, Name: "small hotel", Rate: 60, Reached: 60,
		Faults: []lab.Fault{{ID: "f1", On: "bridge-2", Kind: "hub-offline", From: start.Add(-4 * time.Minute)}}}}
}

func (f *fakeLab) State(context.Context) (lab.State, error) {
	f.state.Now = f.host.now
	return f.state, nil
}
func (f *fakeLab) Pause(_ context.Context, p bool) error {
	f.state.Paused = p
	return nil
}
func (f *fakeLab) Rate(_ context.Context, r int) error {
	f.state.Rate, f.state.Reached = r, float64(r)
	return nil
}
func (f *fakeLab) Step(context.Context) error {
	f.calls = append(f.calls, "step")
	f.state.Paused = true
	return nil
}
func (f *fakeLab) SkipTo(_ context.Context, t time.Time) error {
	f.host.now = t
	return nil
}
func (f *fakeLab) Inject(_ context.Context, x lab.Fault) (string, error) {
	x.ID, x.From = "f"+strconv.Itoa(len(f.state.Faults)+1), f.host.now
	f.state.Faults = append(f.state.Faults, x)
	return x.ID, nil
}
func (f *fakeLab) Heal(_ context.Context, id string) error {
	var left []lab.Fault
	for _, x := range f.state.Faults {
		if x.ID != id {
			left = append(left, x)
		}
	}
	f.state.Faults = left
	return nil
}
func (f *fakeLab) Kinds(_ context.Context, target string) ([]lab.FaultKind, error) {
	return []lab.FaultKind{
		{Name: "offline", Layer: "radio", Meaning: "nothing reaches the lock"},
		{Name: "lost-ack", Layer: "radio", Meaning: "the lock does as it is told, but its answer is lost"},
		{Name: "slots-full", Layer: "lock", Meaning: "the lock has no free slot"},
	}, nil
}
func (f *fakeLab) Type(_ context.Context, d lock.DeviceID, p lock.PIN) (lab.Try, error) {
	if t, ok := f.opens[p.Reveal()]; ok {
		return t, nil
	}
	return lab.Try{Reason: "unknown_code"}, nil
}
func (f *fakeLab) Edit(context.Context, lab.Edit) error         { return nil }
func (f *fakeLab) Snapshot(context.Context, string) error       { return nil }
func (f *fakeLab) Rewind(context.Context, string) error         { return nil }
func (f *fakeLab) Snapshots(context.Context) ([]string, error)  { return nil, nil }
func (f *fakeLab) SaveScenario(context.Context) ([]byte, error) { return nil, nil }
