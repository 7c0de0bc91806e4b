package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/world"
)

// MaxRecords bounds the records that a Result keeps; the run goes on without keeping more.
const MaxRecords = 1 << 20

// MaxFailures bounds the failures that a Result lists.
const MaxFailures = 100

// MaxCodes bounds the codes that a Result keeps.
const MaxCodes = 10_000

// Options say how a scenario is run.
type Options struct {
	// Store opens an empty store for the run; nil: in memory. Run closes it.
	Store func() (store.Store, error)
	// Watch gets every record, in order, besides the Result; nil: nobody does.
	Watch func(sim.Record)
	// StopAtFailure ends the run at the instant of the first failure, so that the store keeps that world.
	StopAtFailure bool
	// Lean keeps no records and no codes in the Result: for runs of which only the verdict is wanted.
	Lean bool
	// Through has the story happen at a vendor's locks; nil: at the simulator's own.
	Through *Through
}

// Verdict sorts results by what broke first in importance.
type Verdict uint8

// The verdicts, in the order of locksim's exit codes.
const (
	Pass        Verdict = iota
	Expectation         // an expectation, a limit or a refusal is not as the file says
	Safety              // a checker found a promise broken
	Liveness            // long after the last trouble something is still not settled
	Invalid             // the file is wrong
	Broken              // the run itself failed
)

var verdictNames = [...]string{"pass", "expectation", "safety", "liveness", "invalid", "broken"}

func (v Verdict) String() string { return verdictNames[v] }

// Worse reports whether v weighs more than o: broken, invalid, safety, liveness, expectation, pass.
func (v Verdict) Worse(o Verdict) bool {
	weight := [...]int{Pass: 0, Expectation: 1, Liveness: 2, Safety: 3, Invalid: 4, Broken: 5}
	return weight[v] > weight[o]
}

// Failure is one thing that is not as it should be.
type Failure struct {
	Verdict Verdict
	Pos     Pos // in the file; zero: it belongs to no line
	At      time.Time
	Device  lock.DeviceID
	Code    lock.CodeID
	Text    string   // what was wanted and what was seen
	Kind    string   // Text without the names, times and numbers of the story: what failures of one bug have in common
	Around  []string // lines of the trace around it
}

// Result is the end of a run.
type Result struct {
	File      *File
	Verdict   Verdict           // the worst of Failures, or Pass
	Skipped   string            // why the story can't be told of the locks of Options.Through; "": it was
	Failures  []Failure         // by time, at most MaxFailures and one that counts the others
	Span      time.Duration     // virtual time that passed
	Events    int64             // of the kernel
	Steps     int64             // of the engine
	Handled   int64             // inputs and wakes that the engine handled
	Devices   []lock.Device     // as they were at the end
	Codes     []engine.CodeView // as they were at the end, by the file's names, at most about MaxCodes
	Records   []sim.Record      // codes by the file's names, at most MaxRecords
	Exposures []world.Exposed
}

// run is one scenario under way.
type run struct {
	f        *File
	o        Options
	w        *world.World
	err      error
	watched  bool // somebody looks on, nobody wants a Result
	records  []sim.Record
	failed   []Failure
	told     map[lock.CodeID]lock.PIN    // by the file's names: the digits that people know
	real     map[lock.CodeID]lock.CodeID // a spare's id in the engine, by the file's name
	names    map[lock.CodeID]lock.CodeID // and back
	taken    map[string]engine.Seq       // receipts of steps that have an id
	placed   map[string][]string         // faults of steps that have an id
	misfit   string                      // a kind of fault that a lock of the story can't have
	trial    bool                        // what fails is not told yet
	troubled time.Time                   // when somebody or something last disturbed the world
}

// Run plays a scenario to its end and judges it. The error is not nil only if the run broke or ctx ended; what the story
// got wrong is in the Result.
func Run(ctx context.Context, f *File, o Options) (*Result, error) {
	if o.Through != nil {
		laid, why := o.Through.lay(f)
		if why != "" {
			return &Result{File: f, Skipped: why}, nil
		}
		f = laid
	}
	open := o.Store
	if open == nil {
		open = func() (store.Store, error) { return memkv.New(), nil }
	}
	s, err := open()
	if err != nil {
		return nil, err
	}
	r := newRun(f, o)
	res, err := r.play(ctx, s)
	return res, errors.Join(err, s.Close())
}

// Stage makes the world of a scenario at its start, in an empty store, with every step and expectation on its kernel: for
// somebody who wants to watch the story happen. watch gets every record; what is not as the file says is a record of a step
// called failed. The caller closes the world and the store.
func Stage(ctx context.Context, f *File, s store.Store, watch func(sim.Record)) (*world.World, error) {
	r := newRun(f, Options{Watch: watch})
	r.watched = true
	err := r.stage(ctx, s, false)
	return r.w, err
}

func newRun(f *File, o Options) *run {
	return &run{
		f: f, o: o, told: map[lock.CodeID]lock.PIN{}, real: map[lock.CodeID]lock.CodeID{}, names: map[lock.CodeID]lock.CodeID{},
		taken: map[string]engine.Seq{}, placed: map[string][]string{}, troubled: f.Start,
	}
}

func (r *run) play(ctx context.Context, s store.Store) (*Result, error) {
	if err := r.stage(ctx, s, r.o.Store == nil); err != nil {
		return nil, err
	}
	if err := r.advance(ctx); err != nil {
		return nil, err
	}
	res, err := r.result()
	return res, errors.Join(err, r.w.Close())
}

// stage makes the world and puts the story on its kernel.
func (r *run) stage(ctx context.Context, s store.Store, ephemeral bool) error {
	f := r.f
	policy := engine.DefaultPolicy()
	for _, p := range f.Policies {
		if p.Account == "" && p.Device == "" {
			policy = policy.Over(p.Patch)
		}
	}
	made := world.Options{
		Name: f.Name, Seed: f.Seed, Start: f.Start, Store: s, Spec: f.Spec, Policy: policy, Watch: r.watch, Ephemeral: ephemeral,
	}
	if x := r.o.Through; x != nil {
		made.Start, made.Opens, made.Wire = f.Start.Add(-opening), f.Start, x.Wire
	}
	w, err := world.New(ctx, made)
	if err != nil {
		return err
	}
	r.w = w
	for _, p := range f.Policies {
		if p.Account != "" || p.Device != "" {
			if _, err := w.Submit(engine.Command{Actor: actor, Do: engine.SetPolicy{Account: p.Account, Device: p.Device, Patch: p.Patch}}); err != nil {
				return fmt.Errorf("policy: %w", err)
			}
		}
	}
	for i := range f.Steps {
		w.Kernel().At(f.Steps[i].At, sim.ClassStep, func() { r.step(&f.Steps[i]) })
	}
	judge := r.expect
	if r.o.Through != nil {
		judge = r.patient
	}
	for i := range f.Expects {
		w.Kernel().At(f.Expects[i].At, sim.ClassExpect, func() { judge(&f.Expects[i]) })
	}
	return nil
}

// advance runs to the end in short stretches, between which it can be interrupted or stopped at a failure.
func (r *run) advance(ctx context.Context) error {
	stops := []time.Time{r.f.End()}
	for _, s := range r.f.Steps {
		stops = append(stops, s.At)
	}
	for _, e := range r.f.Expects {
		stops = append(stops, e.At)
	}
	const stretches = 200
	for i := range stretches {
		stops = append(stops, r.f.Start.Add(r.f.Run/stretches*time.Duration(i)))
	}
	slices.SortFunc(stops, time.Time.Compare)
	for _, t := range slices.CompactFunc(stops, time.Time.Equal) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := errors.Join(r.w.RunUntil(t), r.err); err != nil {
			return err
		}
		if r.o.StopAtFailure && (len(r.failed) > 0 || len(r.breaches()) > 0) {
			return nil
		}
	}
	return nil
}

// watch keeps a record and hands it on.
func (r *run) watch(x sim.Record) {
	if !r.watched && !r.o.Lean && len(r.records) < MaxRecords {
		r.records = append(r.records, x)
	}
	if x.Kind == sim.KindHeal || x.Kind == sim.KindFired {
		r.troubled = x.At
	}
	if r.o.Watch != nil {
		r.o.Watch(x)
	}
}

// fail keeps what is not as it should be.
func (r *run) fail(at Pos, device lock.DeviceID, code lock.CodeID, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !r.trial {
		r.w.Note(sim.Record{Kind: sim.KindStep, Device: device, Code: r.id(code), Name: failedStep, Text: text})
	}
	r.failed = append(r.failed, Failure{Verdict: Expectation, Pos: at, At: r.w.Now(), Device: device, Code: code, Text: text})
}

// cannot tells of a step that can't be done: a failure, unless the story is lenient.
func (r *run) cannot(at Pos, device lock.DeviceID, code lock.CodeID, format string, args ...any) {
	if !r.f.Check.Lenient {
		r.fail(at, device, code, format, args...)
	} else {
		r.w.Note(sim.Record{Kind: sim.KindStep, Device: device, Code: r.id(code), Name: "skipped", Text: fmt.Sprintf(format, args...)})
	}
}

// result judges what only the whole run shows, and adds up.
func (r *run) result() (*Result, error) {
	w := r.w
	res := &Result{File: r.f, Span: w.Now().Sub(r.f.Start), Events: w.Kernel().Events(), Devices: w.Fleet().Devices(), Exposures: slices.Clone(w.Exposures())}
	res.Steps, res.Handled = w.Steps()
	var err error
	if !r.o.Lean {
		if res.Codes, err = r.codes(res.Devices); err != nil {
			return nil, err
		}
	}
	if whole := !w.Now().Before(r.f.End()); whole {
		r.limits()
		if missed := r.unstruck(); missed != "" && len(r.breaches()) == 0 {
			return &Result{File: r.f, Skipped: missed}, r.err
		}
		r.sometimes()
		r.settled()
	}
	for _, b := range r.breaches() {
		r.failed = append(r.failed, Failure{Verdict: Safety, At: b.At, Device: b.Device, Code: r.named(b.Code), Text: "the rule " + b.Rule + " is broken: " + b.Text})
	}
	for i := range r.records {
		r.records[i].Code = r.named(r.records[i].Code)
	}
	for i := range res.Exposures {
		res.Exposures[i].Code = r.named(res.Exposures[i].Code)
	}
	res.Records = r.records
	slices.SortStableFunc(r.failed, func(a, b Failure) int { return a.At.Compare(b.At) })
	for _, x := range r.failed {
		if x.Verdict.Worse(res.Verdict) {
			res.Verdict = x.Verdict
		}
	}
	for i := range r.failed {
		r.failed[i].Kind = r.f.kind(r.failed[i])
	}
	res.Failures = r.failed
	if more := len(r.failed) - MaxFailures; more > 0 {
		last := r.failed[MaxFailures]
		res.Failures = append(r.failed[:MaxFailures:MaxFailures], Failure{Verdict: last.Verdict, At: last.At, Text: fmt.Sprintf("and %d more things from here on", more)})
	}
	lines := res.lines()
	for i := range res.Failures {
		res.Failures[i].Around = r.f.around(lines, &res.Failures[i])
	}
	return res, r.err
}

// kind takes out of a failure's sentence what belongs to this story alone, and out of one about liveness the engine's reason.
func (f *File) kind(x Failure) string {
	text := x.Text
	if x.Verdict == Liveness {
		text, _, _ = strings.Cut(text, ": ")
	}
	names := append(f.brought(), f.mounted(Step{})...)
	words := strings.Split(text, " ")
	for i, w := range words {
		bare := strings.Trim(w, `,:;()"`)
		switch {
		case slices.Contains(names, bare):
			words[i] = strings.Replace(w, bare, "…", 1)
		case strings.ContainsAny(bare, "0123456789"):
			words[i] = strings.Replace(w, bare, "#", 1)
		}
	}
	return strings.Join(words, " ")
}

// codes are the codes of the run, by lock and then by start, as the engine shows them at the end.
func (r *run) codes(devices []lock.Device) ([]engine.CodeView, error) {
	var all []engine.CodeView
	for _, d := range devices {
		for _, view := range []engine.View{engine.ViewCodes, engine.ViewHistory} {
			for after := ""; ; {
				s, err := r.w.Snapshot(engine.Query{View: view, Device: d.ID, After: after, Limit: 1000})
				if err != nil {
					return nil, err
				}
				for _, c := range s.Codes {
					c.ID = r.named(c.ID)
					all = append(all, c)
				}
				if after = s.Next; after == "" || len(all) > MaxCodes {
					break
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b engine.CodeView) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), a.Starts.Compare(b.Starts), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// breaches are those of the rules that the file watches.
func (r *run) breaches() []world.Breach {
	all := r.w.Breaches()
	if len(r.f.Check.Always) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(b world.Breach) bool { return !slices.Contains(r.f.Check.Always, b.Rule) })
}

// id is the engine's id of a code, by the file's name.
func (r *run) id(name lock.CodeID) lock.CodeID {
	if real, ok := r.real[name]; ok {
		return real
	}
	return name
}

// named is the file's name of a code, by the engine's id.
func (r *run) named(id lock.CodeID) lock.CodeID {
	if name, ok := r.names[id]; ok {
		return name
	}
	return id
}
