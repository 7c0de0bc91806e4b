package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// noon is when every rig starts: a Monday in March, four weeks before Europe changes its clocks.
var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// rig is a host in virtual time on one thread, over locks that do as they are told: each call takes a second and answers by
// what the fake lock holds, unless a test put another reply in its way.
type rig struct {
	t     tb
	e     *engine.Engine
	store store.Store
	now   time.Time
	wake  time.Time
	locks map[lock.DeviceID]*fake
	air   []flying // calls under way, in order of their end
	calls []engine.Call
	seen  map[engine.CallID]bool
	ids   map[engine.Seq]bool // of receipts
	quiet bool                // skip the checks after each step, for large fleets
	bend  func(engine.Call, *engine.Outcome)
}

// tb is the part of testing.TB that the rig needs, which a property has too.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Error(args ...any)
	Errorf(format string, args ...any)
}

type flying struct {
	at      time.Time
	outcome engine.Outcome
}

func newRig(t tb) *rig { return newRigOn(t, memkv.New()) }

func newRigOn(t tb, s store.Store) *rig {
	r := &rig{t: t, store: s, now: noon, locks: map[lock.DeviceID]*fake{}, seen: map[engine.CallID]bool{}, ids: map[engine.Seq]bool{}}
	r.open()
	return r
}

var secret = []byte("0123456789abcdef0123456789abcdef")

// open starts an engine on the rig's store. Calls under way go on without it.
func (r *rig) open() {
	r.t.Helper()
	e, err := engine.Open(context.Background(), engine.Options{Store: r.store, Secret: secret})
	if err != nil {
		r.t.Fatalf("open: %v", err)
	}
	r.e = e
	r.step()
}

// kill ends the engine without a word: outcomes of the calls under way are lost, their effects are not.
func (r *rig) kill() { r.air = nil }

// add makes a lock and puts it under management.
func (r *rig) add(id lock.DeviceID, t lock.Traits) *fake {
	r.t.Helper()
	return r.addDevice(lock.Device{ID: id, Account: "acme", Name: "Door " + string(id), Traits: t})
}

func (r *rig) addDevice(v lock.Device) *fake {
	r.t.Helper()
	f := &fake{device: v, latency: time.Second, reach: lock.Reached, drop: map[engine.CallVerb]bool{}}
	r.locks[v.ID] = f
	r.do(engine.AddDevice{Device: v})
	return f
}

// do submits a command that must be taken.
func (r *rig) do(a engine.Action) engine.Receipt {
	r.t.Helper()
	rec, err := r.submit(engine.Command{Do: a, Actor: "tester"})
	if err != nil {
		r.t.Fatalf("%s %s: %v", r.now.Format(time.DateTime), a.Verb(), err)
	}
	return rec
}

// refused submits a command that must be refused with that issue and field, changing nothing.
func (r *rig) refused(a engine.Action, code, field string) *engine.Refusal {
	r.t.Helper()
	before := r.dump()
	rec, err := r.submit(engine.Command{Do: a, Actor: "tester"})
	var no *engine.Refusal
	if !errors.As(err, &no) {
		r.t.Fatalf("%s: taken (%+v, %v), want refusal %s", a.Verb(), rec, err, code)
	}
	if no.Code != code || no.Field != field {
		r.t.Errorf("%s: refused with %s on field %q (%v), want %s on %q", a.Verb(), no.Code, no.Field, no, code, field)
	}
	if no.Message == "" || no.Class != engine.ClassRefusal {
		r.t.Errorf("%s: refusal %+v lacks a message or the class", a.Verb(), no)
	}
	if diff := before.diff(r.dump()); diff != "" {
		r.t.Errorf("%s: refused, and yet the store changed: %s", a.Verb(), diff)
	}
	return no
}

func (r *rig) submit(c engine.Command) (rec engine.Receipt, err error) {
	r.t.Helper()
	n := 0
	r.step(engine.Submission{Command: c, Done: func(got engine.Receipt, e error) { rec, err, n = got, e, n+1 }})
	if n != 1 {
		r.t.Fatalf("%s was answered %d times", c.Do.Verb(), n)
	}
	return rec, err
}

// step feeds the engine until everything is taken, and starts the calls that it asks for.
func (r *rig) step(in ...engine.Input) {
	r.t.Helper()
	for rounds := 0; ; rounds++ {
		w, err := r.e.Step(r.now, in...)
		if err != nil {
			r.t.Fatalf("%s step: %v", r.now.Format(time.DateTime), err)
		}
		r.took(w)
		in = in[w.Taken:]
		if len(in) == 0 && (w.Wake.IsZero() || w.Wake.After(r.now)) {
			return
		}
		if rounds > 1000 {
			r.t.Fatalf("the engine does not rest at %s", r.now)
		}
	}
}

func (r *rig) took(w engine.Work) {
	r.t.Helper()
	r.wake = w.Wake
	for _, c := range w.Calls {
		if r.seen[c.ID] {
			r.t.Fatalf("call %s is made twice", c.ID)
		}
		r.seen[c.ID] = true
		for _, f := range r.air {
			if f.outcome.Device == c.Device {
				r.t.Fatalf("%s: two calls in flight for %s: %s and %s", r.now, c.Device, f.outcome.Call, c.ID)
			}
		}
		r.calls = append(r.calls, c)
		r.launch(c)
	}
	if r.quiet {
		return
	}
	if err := r.e.Coherent(); err != nil {
		r.t.Fatalf("%s: %v", r.now, err)
	}
}

func (r *rig) launch(c engine.Call) {
	f := r.locks[c.Device]
	if f == nil {
		r.t.Fatalf("call for a lock that is not there: %+v", c)
	}
	o, after := f.answer(r.now, c)
	at := r.now.Add(after)
	if after < 0 || at.After(c.Deadline) {
		at = c.Deadline
		o = engine.Outcome{Err: &driver.Error{Op: string(c.Verb), Device: c.Device, Vendor: "deadline exceeded"}}
	}
	if r.bend != nil {
		r.bend(c, &o)
	}
	o.Call, o.Device = c.ID, c.Device
	i, _ := slices.BinarySearchFunc(r.air, at, func(x flying, at time.Time) int {
		if x.at.After(at) {
			return 1
		}
		return -1
	})
	r.air = slices.Insert(r.air, i, flying{at, o})
}

// next moves to the next thing that happens until limit, and reports whether there was one.
func (r *rig) next(limit time.Time) bool {
	r.t.Helper()
	at := r.wake
	if len(r.air) > 0 && (at.IsZero() || !r.air[0].at.After(at)) {
		at = r.air[0].at
	}
	if at.IsZero() || at.After(limit) {
		return false
	}
	if at.After(r.now) {
		r.now = at
	}
	var in []engine.Input
	for len(r.air) > 0 && !r.air[0].at.After(r.now) {
		in = append(in, r.air[0].outcome)
		r.air = r.air[1:]
	}
	r.step(in...)
	return true
}

// until lets time pass up to and including t.
func (r *rig) until(t time.Time) {
	r.t.Helper()
	for n := 0; r.next(t); n++ {
		if n > 20_000 {
			r.t.Fatalf("the engine does not rest around %s: %s", r.now, r.slots(r.calls[len(r.calls)-1].Device))
		}
	}
	if t.After(r.now) {
		r.now = t
		r.step()
	}
}

func (r *rig) pass(d time.Duration) { r.t.Helper(); r.until(r.now.Add(d)) }

// forget drops the log of calls.
func (r *rig) forget() { r.calls = nil }

// verbs tells the calls since forget, as "observe set clear".
func (r *rig) verbs(dev lock.DeviceID) string {
	var words []string
	for _, c := range r.calls {
		if c.Device == dev {
			words = append(words, string(c.Verb))
		}
	}
	return strings.Join(words, " ")
}

func (r *rig) count(v engine.CallVerb) int {
	n := 0
	for _, c := range r.calls {
		if c.Verb == v {
			n++
		}
	}
	return n
}

func (r *rig) snapshot(q engine.Query) engine.Snapshot {
	r.t.Helper()
	s, err := r.e.Snapshot(context.Background(), r.now, q)
	if err != nil {
		r.t.Fatalf("%+v: %v", q, err)
	}
	return s
}

func (r *rig) code(id lock.CodeID) engine.CodeView {
	r.t.Helper()
	return r.snapshot(engine.Query{View: engine.ViewCode, Code: id}).Codes[0]
}

func (r *rig) device(id lock.DeviceID) engine.DeviceView {
	r.t.Helper()
	return *r.snapshot(engine.Query{View: engine.ViewDevice, Device: id}).Device
}

func (r *rig) status(id lock.CodeID, want engine.Status) {
	r.t.Helper()
	if c := r.code(id); c.Status != want {
		r.t.Errorf("%s: %s is %s, want %s (evidence %s, %s, issues %s)", r.now.Format(time.DateTime), id, c.Status, want, c.Evidence, c.Reason, codesOf(c.Issues))
	}
}

func (r *rig) pin(id lock.CodeID) lock.PIN {
	r.t.Helper()
	return r.do(engine.Reveal{Code: id}).PINs[0]
}

// journal reads every event.
func (r *rig) journal() []engine.Event {
	r.t.Helper()
	var all []engine.Event
	for after := engine.Seq(0); ; after = all[len(all)-1].Seq {
		page, err := r.e.Journal(context.Background(), after, 0)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, page...)
		if len(page) == 0 {
			return all
		}
	}
}

// events tells the types of the events of a code (or, with "", of all), without the internal ones.
func (r *rig) events(id lock.CodeID) []string {
	r.t.Helper()
	var types []string
	for _, ev := range r.journal() {
		if (id == "" || ev.Code == id) && !strings.HasPrefix(ev.Type, "internal.") && !strings.HasPrefix(ev.Type, "command.") {
			types = append(types, strings.TrimPrefix(ev.Type, "access_code."))
		}
	}
	return types
}

// told counts events of a type.
func (r *rig) told(typ string) int {
	r.t.Helper()
	n := 0
	for _, ev := range r.journal() {
		if ev.Type == typ {
			n++
		}
	}
	return n
}

func (r *rig) wantIssue(list []engine.Issue, code string, want bool) {
	r.t.Helper()
	if got := slices.ContainsFunc(list, func(i engine.Issue) bool { return i.Code == code }); got != want {
		r.t.Errorf("%s: issue %s = %v, want %v (there are: %s)", r.now.Format(time.DateTime), code, got, want, codesOf(list))
	}
}

func codesOf(list []engine.Issue) string {
	var codes []string
	for _, i := range list {
		codes = append(codes, i.Code)
	}
	return strings.Join(codes, " ")
}

// lately tells the last calls.
func (r *rig) lately() string {
	var s string
	for _, c := range r.calls[max(0, len(r.calls)-12):] {
		s += fmt.Sprintf("\n%s %s %s %s at %q: %s", c.Deadline.Format(time.TimeOnly), c.Device, c.Verb, c.Code, c.At, c.Reason)
	}
	return s
}

// slots sets what a lock holds beside what the engine knows of it.
func (r *rig) slots(id lock.DeviceID) string {
	var s string
	for _, h := range r.locks[id].held {
		s += fmt.Sprintf("\nholds %s %s %q", h.Ref, h.Tag, h.Name)
	}
	for _, v := range r.device(id).Slots {
		s += fmt.Sprintf("\nknows %s %s %s seen %s", v.Ref, v.Code, v.State, v.Seen.Format(time.DateTime))
		if v.Code != "" {
			c := r.code(v.Code)
			s += fmt.Sprintf(" %s: %s; %s", c.Status, c.Reason, codesOf(c.Issues))
		}
	}
	return s + r.lately()
}

// dump is a copy of every record.
type dump map[string]string

func (r *rig) dump() dump {
	r.t.Helper()
	kvs, _, err := r.store.Scan(context.Background(), "", "", 0)
	if err != nil {
		r.t.Fatal(err)
	}
	d := dump{}
	for _, kv := range kvs {
		d[kv.Key] = string(kv.Val)
	}
	return d
}

func (d dump) diff(o dump) string {
	var diffs []string
	for k, v := range d {
		if w, ok := o[k]; !ok {
			diffs = append(diffs, k+" is gone")
		} else if v != w {
			diffs = append(diffs, fmt.Sprintf("%s was %s, is %s", k, v, w))
		}
	}
	for k := range o {
		if _, ok := d[k]; !ok {
			diffs = append(diffs, k+" is new: "+o[k])
		}
	}
	slices.Sort(diffs)
	return strings.Join(diffs, "\n")
}

// silent fails if any of the digits occur in what the engine says.
func (r *rig) silent(digits ...string) {
	r.t.Helper()
	var said strings.Builder
	for _, ev := range r.journal() {
		text, err := json.Marshal(ev)
		if err != nil {
			r.t.Fatal(err)
		}
		fmt.Fprintf(&said, "%s %+v\n", text, ev)
	}
	for _, c := range r.calls {
		text, err := json.Marshal(c)
		if err != nil {
			r.t.Fatal(err)
		}
		fmt.Fprintf(&said, "%s %+v %#v\n", text, c, c.Want.PIN)
	}
	for id := range r.locks {
		for _, q := range []engine.Query{{View: engine.ViewDevice, Device: id}, {View: engine.ViewFleet}, {View: engine.ViewArrivals}, {View: engine.ViewCodes}, {View: engine.ViewHistory, Device: id}} {
			s := r.snapshot(q)
			text, err := json.Marshal(s)
			if err != nil {
				r.t.Fatal(err)
			}
			fmt.Fprintf(&said, "%s %+v\n", text, s)
			if s.Device != nil {
				fmt.Fprintf(&said, "%+v\n", *s.Device)
			}
		}
	}
	for _, d := range digits {
		if i := strings.Index(said.String(), d); i >= 0 {
			r.t.Errorf("the digits %s are said: …%s…", d, said.String()[max(0, i-120):min(said.Len(), i+40)])
		}
	}
}

// fake is a lock that does as it is told.
type fake struct {
	device  lock.Device
	held    []lock.Held
	next    int
	latency time.Duration
	script  []reply

	// What a look tells besides.
	reach   lock.Reach
	hidden  map[lock.Ref]bool // left out of lists
	partial bool
	offset  time.Duration // of its clock; told if tells
	tells   bool
	zone    string
	battery lock.Battery
	modes   []lock.Mode
	entries []lock.Entry
	masked  bool
	drop    map[engine.CallVerb]bool // says yes and does nothing
	fail    *driver.Error            // every call fails with it
	loseWin bool                     // takes digits without their schedule
	assign  lock.PIN                 // the digits that the provider gives out next
}

// reply is what happens instead of the ordinary for the next call of a verb.
type reply struct {
	verb  engine.CallVerb
	kind  driver.Kind
	blame driver.Blame
	err   bool
	apply bool // the lock does it all the same
	hang  bool // no answer until the deadline
	keep  bool // the host does not send it
	after time.Duration
	vend  string
}

// then puts a reply in the way of the next call of that verb.
func (f *fake) then(r reply) *fake {
	f.script = append(f.script, r)
	return f
}

// fails makes the next call of that verb fail; it certainly had no effect.
func (f *fake) fails(v engine.CallVerb, k driver.Kind, b driver.Blame) *fake {
	return f.then(reply{verb: v, kind: k, blame: b, err: true})
}

// loses makes the next call of that verb end in doubt, with its effect or without.
func (f *fake) loses(v engine.CallVerb, applied bool) *fake {
	return f.then(reply{verb: v, err: true, apply: applied})
}

func (f *fake) answer(now time.Time, c engine.Call) (engine.Outcome, time.Duration) {
	failed := func(e driver.Error) (engine.Outcome, time.Duration) {
		e.Op, e.Device = string(c.Verb), c.Device
		return engine.Outcome{Err: &e}, f.latency
	}
	for i, s := range f.script {
		if s.verb != c.Verb {
			continue
		}
		f.script = slices.Delete(f.script, i, i+1)
		if s.keep {
			o, after := failed(driver.Error{Kind: driver.Throttled, Blame: driver.BlameAccount, RetryAfter: s.after})
			o.Unsent = true
			return o, after
		}
		if s.apply {
			f.act(now, c)
		}
		switch {
		case s.hang:
			return engine.Outcome{}, -1
		case s.err:
			return failed(driver.Error{Kind: s.kind, Blame: s.blame, RetryAfter: s.after, Vendor: s.vend})
		}
		// It says yes without doing anything.
		o := engine.Outcome{}
		if c.Verb == engine.CallSet {
			f.next++
			o.Held = lock.Held{Ref: lock.Ref(fmt.Sprintf("lost%d", f.next)), Tag: c.Want.Tag, PIN: c.Want.PIN, Enabled: true}
		}
		return o, f.latency
	}
	if f.fail != nil {
		return failed(*f.fail)
	}
	o := f.act(now, c)
	return o, f.latency
}

func (f *fake) act(now time.Time, c engine.Call) engine.Outcome {
	switch c.Verb {
	case engine.CallObserve:
		return engine.Outcome{Observation: f.look(now)}
	case engine.CallClear:
		if !f.drop[c.Verb] {
			f.held = slices.DeleteFunc(f.held, func(h lock.Held) bool { return h.Ref == c.At })
		}
		return engine.Outcome{}
	}
	return f.set(c)
}

func (f *fake) set(c engine.Call) engine.Outcome {
	t := f.device.Traits
	if c.Want.Offline != lock.OfflineNone {
		return engine.Outcome{Held: f.take(c.Want, "issued")} // the lock is never told
	}
	if i := slices.IndexFunc(f.held, func(h lock.Held) bool { return c.At != "" && h.Ref == c.At }); i >= 0 {
		h := f.take(c.Want, c.At)
		h.Slot = f.held[i].Slot
		if !f.drop[c.Verb] {
			f.held[i] = h
		}
		return engine.Outcome{Held: h}
	}
	if t.Slots > 0 && len(f.held) >= t.Slots {
		return engine.Outcome{Err: &driver.Error{Op: "set", Device: c.Device, Kind: driver.Full, Blame: driver.BlameLock}}
	}
	f.next++
	h := f.take(c.Want, lock.Ref(fmt.Sprintf("r%d", f.next)))
	if !f.drop[c.Verb] {
		f.held = append(f.held, h)
	}
	return engine.Outcome{Held: h}
}

func (f *fake) take(w lock.Credential, ref lock.Ref) lock.Held {
	h := lock.Held{Ref: ref, Tag: w.Tag, Name: w.Name, PIN: w.PIN, Window: w.Window, Enabled: w.Enabled, Slot: w.Slot}
	if f.loseWin {
		h.Window = lock.Window{}
	}
	if h.PIN.IsZero() {
		h.PIN = f.assign
	}
	return h
}

func (f *fake) look(now time.Time) lock.Observation {
	t := f.device.Traits
	o := lock.Observation{At: now, Reach: f.reach, Complete: !f.partial, Zone: f.zone, Battery: f.battery, Modes: f.modes, Source: lock.SourceLock}
	if f.reach != lock.Reached {
		return lock.Observation{At: now, Reach: f.reach}
	}
	if t.CloudList {
		o.Source = lock.SourceCloud
	}
	if f.tells {
		o.Clock = now.Add(f.offset)
	}
	o.Entries, f.entries = f.entries, nil
	if t.CannotList {
		return o
	}
	for _, h := range f.held {
		if f.hidden[h.Ref] {
			continue
		}
		if t.HidesPIN || f.masked {
			h.PIN = lock.PIN{}
		}
		if t.HidesWindow {
			h.Window = lock.Window{}
		}
		o.Held = append(o.Held, h)
	}
	return o
}

// put is somebody at the lock or in the vendor's app.
func (f *fake) put(ref lock.Ref, name, digits string) {
	f.held = append(f.held, lock.Held{Ref: ref, Name: name, PIN: pin(digits), Enabled: true})
}

// opened is somebody who used a credential.
func (f *fake) opened(ref lock.Ref, at time.Time) {
	f.entries = append(f.entries, lock.Entry{ID: fmt.Sprint(at.UnixNano()), At: at, Kind: lock.Opened, Ref: ref})
}

// has reports whether the lock holds these digits.
func (f *fake) has(p lock.PIN) bool {
	return slices.ContainsFunc(f.held, func(h lock.Held) bool { return h.PIN == p })
}

func pin(digits string) lock.PIN {
	p, err := lock.ParsePIN(digits)
	if err != nil {
		panic(err)
	}
	return p
}

func ptr[T any](v T) *T { return &v }

// The kinds of locks that the tests speak of.
func jitTraits() lock.Traits { return lock.Traits{Slots: 10, PINLengths: []int{4, 6}, NameMax: 20} }
func nativeTraits() lock.Traits {
	return lock.Traits{NativeSchedule: true, OpenEnded: true, Slots: 10, PINLengths: []int{4, 6}, NameMax: 20, Granularity: time.Minute, Zone: "Europe/Berlin"}
}
func cloudTraits() lock.Traits { t := jitTraits(); t.CloudList = true; return t }
func blindTraits() lock.Traits { t := jitTraits(); t.CannotList = true; return t }
