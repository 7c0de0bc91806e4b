package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// tape keeps the records of a world as lines.
type tape struct{ lines []string }

func (t *tape) watch(r sim.Record) {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	t.lines = append(t.lines, string(b))
}

// same compares two tapes and shows where they part.
func (t *tape) same(tb testing.TB, what string, o *tape) {
	tb.Helper()
	for i := range max(len(t.lines), len(o.lines)) {
		if i >= len(t.lines) || i >= len(o.lines) || t.lines[i] != o.lines[i] {
			tb.Errorf("%s: the traces part at record %d of %d and %d:\n%s\n%s", what, i, len(t.lines), len(o.lines), t.at(i), o.at(i))
			return
		}
	}
}

func (t *tape) at(i int) string {
	if i < len(t.lines) {
		return t.lines[i]
	}
	return "(the end)"
}

// pair is a small fleet behind one hub: a just-in-time lock, a native one and one whose cloud answers for it.
func pair() sim.Spec {
	return sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "jit.keypad", Hub: "attic"},
		{ID: "side", Model: "native.keypad", Hub: "attic"},
		{ID: "back", Model: "nuki", Hub: "attic"},
	}}
}

func open(t testing.TB, o Options) *World {
	t.Helper()
	if o.Store == nil {
		o.Store = memkv.New()
	}
	if o.Start.IsZero() {
		o.Start = noon
	}
	if o.Spec.Locks == nil {
		o.Spec = pair()
	}
	w, err := New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func run(t testing.TB, w *World, to time.Time) {
	t.Helper()
	if err := w.RunUntil(to); err != nil {
		t.Fatal(err)
	}
}

func submit(t testing.TB, w *World, do engine.Action) engine.Receipt {
	t.Helper()
	r, err := w.Submit(engine.Command{Actor: "test", Do: do})
	if err != nil {
		t.Fatalf("%s: %v", do.Verb(), err)
	}
	return r
}

func sound(t testing.TB, w *World) {
	t.Helper()
	for _, b := range w.Breaches() {
		t.Errorf("breach at %s of %s on %s, code %s: %s", b.At.Format(time.RFC3339), b.Rule, b.Device, b.Code, b.Text)
	}
}

// opens reports what the keypad says to some digits.
func opens(t testing.TB, w *World, id lock.DeviceID, digits string) bool {
	t.Helper()
	try, err := w.Fleet().TryPIN(id, digitsOf(digits))
	if err != nil {
		t.Fatal(err)
	}
	return try.Opens
}

// storyEnds is when everything of story is over, in hours after noon.
const storyEnds = 60

// story posts two days with guests, faults and people at the doors, as far as it lies ahead. Everything of it is over well
// before storyEnds.
func story(t testing.TB, w *World) {
	t.Helper()
	from := w.Now()
	step := func(h float64, fn func()) {
		if hours(h).After(from) {
			w.Kernel().At(hours(h), sim.ClassStep, fn)
		}
	}
	do := func(h float64, action engine.Action) { step(h, func() { submit(t, w, action) }) }
	for i, id := range []lock.DeviceID{"front", "side"} {
		do(0.1, engine.SetPool{Device: id, On: true})
		do(0.2, engine.Create{ID: lock.CodeID("care-" + id), Device: id, Name: "care"})
		do(1, engine.Create{ID: lock.CodeID("first-" + id), Device: id, PIN: digitsOf([]string{"482951", "593062"}[i]), Starts: hours(4), Ends: hours(20)})
		do(2, engine.Create{ID: lock.CodeID("second-" + id), Device: id, Starts: hours(23), Ends: hours(45)})
		do(22, engine.Reveal{Code: lock.CodeID("second-" + id)})
	}
	do(1, engine.Create{ID: "back", Device: "back", PIN: digitsOf("653914"), Starts: hours(3), Ends: hours(30)})
	to := hours(21)
	do(10, engine.Update{Code: "first-front", Ends: &to})
	do(40, engine.Delete{Code: "care-side"})
	for h := 0.5; h < 50; h += 1.25 {
		step(h, func() { opens(t, w, "front", "482951") })
	}
	if from.After(noon) {
		return // the fleet knows its faults
	}
	for _, f := range []sim.Fault{
		{On: "front", Kind: "lost-ack", From: hours(3), For: 2 * time.Hour},
		{On: "side", Kind: "offline", From: hours(19), For: 3 * time.Hour},
		{On: "attic", Kind: "offline", From: hours(29), For: 4 * time.Hour},
	} {
		if _, err := w.Fleet().Inject(f); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAGuestComesAndGoes(t *testing.T) {
	for _, id := range []lock.DeviceID{"front", "side"} {
		w := open(t, Options{Seed: 1})
		submit(t, w, engine.Create{ID: "guest", Device: id, PIN: digitsOf("4829"), Starts: hours(4), Ends: hours(28)})
		for _, step := range []struct {
			at   float64
			want bool
		}{{3, false}, {4.01, true}, {16, true}, {27.9, true}, {28.1, false}, {60, false}} {
			run(t, w, hours(step.at))
			if got := opens(t, w, id, "4829"); got != step.want {
				t.Errorf("lock %s, %v h: opens %v, want %v", id, step.at, got, step.want)
			}
		}
		sound(t, w)
	}
}

// played is a world after the story, and its tape.
func played(t testing.TB, o Options, step time.Duration) (*World, *tape) {
	t.Helper()
	tp := &tape{}
	o.Watch = tp.watch
	w := open(t, o)
	story(t, w)
	for w.Now().Before(hours(storyEnds)) {
		to := w.Now().Add(step)
		if to.After(hours(storyEnds)) {
			to = hours(storyEnds)
		}
		run(t, w, to)
	}
	return w, tp
}

func TestPacingDoesNotChangeTheTrace(t *testing.T) {
	whole, want := played(t, Options{Seed: 7}, 1000*time.Hour)
	sound(t, whole)
	for _, step := range []time.Duration{time.Hour, 7 * time.Minute, 13700 * time.Millisecond} {
		_, got := played(t, Options{Seed: 7}, step)
		got.same(t, step.String(), want)
	}
}

func TestTheSeedDecidesAndNothingElse(t *testing.T) {
	_, want := played(t, Options{Seed: 7}, time.Hour)
	_, again := played(t, Options{Seed: 7}, time.Hour)
	again.same(t, "the same seed", want)
	_, other := played(t, Options{Seed: 8}, time.Hour)
	if slices.Equal(other.lines, want.lines) {
		t.Error("another seed gave the same trace")
	}
}

func TestTheStoreDoesNotChangeTheTrace(t *testing.T) {
	_, want := played(t, Options{Seed: 7}, time.Hour)
	disk, err := badgerkv.Open(badgerkv.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		o    Options
	}{
		{"badger", Options{Seed: 7, Store: disk}},
		{"a store with small commits", Options{Seed: 7, Store: memkv.NewLimited(store.Limits{MaxOps: 100, MaxBytes: 1 << 20})}},
		{"ephemeral", Options{Seed: 7, Ephemeral: true}},
	} {
		w, got := played(t, tt.o, time.Hour)
		got.same(t, tt.name, want)
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := disk.Close(); err != nil {
		t.Error(err)
	}
}

// state is what the locks hold and what the engine says of every code.
func state(t testing.TB, w *World) []string {
	t.Helper()
	var lines []string
	for _, d := range w.Fleet().Devices() {
		for _, m := range w.Fleet().Memory(d.ID) {
			lines = append(lines, fmt.Sprintf("%s holds %s %s %s %v %v", d.ID, m.Code, m.PIN.Reveal(), m.Name, m.Window, m.Enabled))
		}
		s, err := w.Snapshot(engine.Query{View: engine.ViewCodes, Device: d.ID})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.Codes {
			lines = append(lines, string(d.ID)+" "+string(c.ID)+" "+string(c.Status))
		}
	}
	slices.Sort(lines)
	return lines
}

func equal(t testing.TB, what string, got, want []string) {
	t.Helper()
	for _, l := range got {
		if !slices.Contains(want, l) {
			t.Errorf("%s: %s, which should not be", what, l)
		}
	}
	for _, l := range want {
		if !slices.Contains(got, l) {
			t.Errorf("%s: missing is: %s", what, l)
		}
	}
}

// TestResumeGoesOn stops a world's process at some instants, in order or as a kill would, and compares the end with that of
// a world that was never stopped.
func TestResumeGoesOn(t *testing.T) {
	whole, _ := played(t, Options{Seed: 7}, time.Hour)
	want := state(t, whole)
	for _, kill := range []bool{false, true} {
		for _, at := range []float64{0.15, 2.5, 3.52, 4.001, 12, 20.0005, 30.5, 46} {
			disk := memkv.New()
			w := open(t, Options{Seed: 7, Store: disk})
			story(t, w)
			run(t, w, hours(at))
			if kill {
				disk = disk.Clone()
			} else if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			stood := w.Now()
			w = open(t, Options{Store: disk})
			if !kill && !w.Now().Equal(stood) || w.Now().After(stood) {
				t.Errorf("stopped at %s, resumed at %s", stood, w.Now())
			}
			story(t, w) // its steps are no part of the world
			run(t, w, hours(storyEnds))
			equal(t, fmt.Sprintf("resumed after %v h, killed %v", at, kill), state(t, w), want)
			sound(t, w)
		}
	}
}

func TestTheEngineStopsAndStarts(t *testing.T) {
	var tp tape
	w := open(t, Options{Seed: 1, Watch: tp.watch})
	submit(t, w, engine.Create{ID: "guest", Device: "front", PIN: digitsOf("4829"), Starts: hours(1), Ends: hours(4)})
	run(t, w, hours(2))
	w.StopEngine()
	w.StopEngine()
	run(t, w, hours(8))
	if _, err := w.Submit(engine.Command{Do: engine.Delete{Code: "guest"}}); !errors.Is(err, ErrStopped) {
		t.Errorf("a stopped engine answers %v, want ErrStopped", err)
	}
	if s, err := w.Snapshot(engine.Query{View: engine.ViewCode, Code: "guest"}); err != nil || len(s.Codes) != 1 {
		t.Errorf("the stored state answers %+v, %v", s.Codes, err)
	}
	if !opens(t, w, "front", "4829") {
		t.Error("the code went away without an engine")
	}
	if err := w.StartEngine(); err != nil {
		t.Fatal(err)
	}
	run(t, w, hours(8.1))
	if opens(t, w, "front", "4829") {
		t.Error("the engine is back for six minutes and the code still opens")
	}
	sound(t, w)
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Start: noon, Spec: pair()}, "store"},
		{Options{Store: memkv.New(), Spec: pair()}, "start"},
		{Options{Store: memkv.New(), Start: noon, Spec: sim.Spec{Locks: []sim.LockSpec{{ID: "x", Model: "nothing"}}}}, "model"},
		{Options{Store: memkv.New(), Start: noon, Spec: pair(), Faults: []sim.Fault{{On: "nobody", Kind: "offline"}}}, "nobody"},
	} {
		if _, err := New(context.Background(), tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("the error is %v, want one that names %q", err, tt.want)
		}
	}
}

func TestALockIsAdded(t *testing.T) {
	disk := memkv.New()
	w := open(t, Options{Seed: 1, Store: disk})
	if err := w.AddLock(sim.LockSpec{ID: "cellar", Model: "jit.keypad"}); err != nil {
		t.Fatal(err)
	}
	submit(t, w, engine.Create{ID: "guest", Device: "cellar", PIN: digitsOf("4829")})
	run(t, w, hours(1))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = open(t, Options{Store: disk})
	if !opens(t, w, "cellar", "4829") {
		t.Error("the added lock does not hold its code after a resume")
	}
	sound(t, w)
}
