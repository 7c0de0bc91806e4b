package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// faulty is a store whose next commits end as a test wants.
type faulty struct {
	*memkv.Store
	fail  error // of the next commit; nil: none
	after bool  // it is made all the same
	reads error // of every Get and Scan
	left  int   // reads until one fails once; 0: none does
}

var errFire = errors.New("disk on fire")

// read is what the next Get or Scan fails with.
func (s *faulty) read() error {
	if s.left > 0 {
		if s.left--; s.left == 0 {
			return errFire
		}
	}
	return s.reads
}

func (s *faulty) Commit(ctx context.Context, c []store.Cond, ops []store.Op) (store.Rev, error) {
	err := s.fail
	s.fail = nil
	if err == nil || s.after {
		rev, failed := s.Store.Commit(ctx, c, ops)
		if err == nil || failed != nil {
			return rev, failed
		}
	}
	return 0, err
}

func (s *faulty) Get(ctx context.Context, key string) (store.KV, error) {
	if err := s.read(); err != nil {
		return store.KV{}, err
	}
	return s.Store.Get(ctx, key)
}

func (s *faulty) Scan(ctx context.Context, prefix, after string, limit int) ([]store.KV, store.Rev, error) {
	if err := s.read(); err != nil {
		return nil, 0, err
	}
	return s.Store.Scan(ctx, prefix, after, limit)
}

// once feeds the engine one step, which may fail.
func (r *rig) once(in ...engine.Input) error {
	r.t.Helper()
	w, err := r.e.Step(r.now, in...)
	r.took(w)
	return err
}

// answer collects what a submission is told.
type answer struct {
	n   int
	rec engine.Receipt
	err error
}

func (a *answer) to(c engine.Command) engine.Submission {
	return engine.Submission{Command: c, Done: func(r engine.Receipt, err error) { a.n, a.rec, a.err = a.n+1, r, err }}
}

func TestAnUnknownCommitThatWasMade(t *testing.T) {
	s := &faulty{Store: memkv.New()}
	r := newRigOn(t, s)
	f := r.add("front", jitTraits())
	b := r.add("back", jitTraits())
	b.latency = 20 * time.Second
	r.pass(30 * time.Second)
	r.do(engine.Observe{Device: "back"}) // is in the air meanwhile
	r.forget()
	var a answer
	s.fail, s.after = store.ErrUnknown, true
	if err := r.once(a.to(engine.Command{Key: "k", Do: engine.Create{ID: "g", Device: "front", PIN: pin("4829")}})); err != nil {
		t.Fatalf("a commit that was made is an error: %v", err)
	}
	if a.n != 1 || a.err != nil || a.rec.Codes[0] != "g" {
		t.Errorf("answered %d times: %+v, %v", a.n, a.rec, a.err)
	}
	if len(r.calls) != 0 {
		t.Error("a call left that nobody knows to be recorded")
	}
	again, err := r.submit(engine.Command{Key: "k", Do: engine.Create{ID: "g", Device: "front", PIN: pin("4829")}})
	if err != nil || again.Seq != a.rec.Seq {
		t.Errorf("repeated: %+v, %v", again, err)
	}
	r.pass(time.Minute)
	r.status("g", engine.StatusSet)
	if got := r.verbs("front"); got != "observe set observe" {
		t.Errorf("calls %s, want a look first", got)
	}
	if got := r.verbs("back"); got != "" {
		t.Errorf("the other lock is called as well: %s", got)
	}
	if len(f.held) != 1 {
		t.Errorf("%d credentials", len(f.held))
	}
}

func TestAnUnknownCommitThatWasNotMade(t *testing.T) {
	for _, kind := range []error{store.ErrUnknown, store.ErrConflict, errors.New("disk on fire")} {
		s := &faulty{Store: memkv.New()}
		r := newRigOn(t, s)
		r.add("front", jitTraits())
		r.pass(time.Minute)
		before := r.dump()
		var a answer
		s.fail, s.after = kind, false
		err := r.once(a.to(engine.Command{Key: "k", Do: engine.Create{ID: "g", Device: "front", PIN: pin("4829")}}))
		if !errors.Is(err, kind) || a.n != 1 || !errors.Is(a.err, kind) || len(a.rec.Codes) != 0 {
			t.Fatalf("%v: step %v, answered %d times: %+v, %v", kind, err, a.n, a.rec, a.err)
		}
		if diff := before.diff(r.dump()); diff != "" {
			t.Errorf("%v: the store changed: %s", kind, diff)
		}
		if s := r.snapshot(engine.Query{View: engine.ViewDevice, Device: "front"}); len(s.Codes) != 0 {
			t.Errorf("%v: a code that was never stored is shown", kind)
		}
		if rec, err := r.submit(engine.Command{Key: "k", Do: engine.Create{ID: "g", Device: "front", PIN: pin("4829")}}); err != nil || rec.Codes[0] != "g" {
			t.Errorf("%v: offered again: %v", kind, err)
		}
		r.pass(time.Minute)
		r.status("g", engine.StatusSet)
	}
}

func TestAnOutcomeThatWasNotStoredCountsAsLost(t *testing.T) {
	s := &faulty{Store: memkv.New()}
	r := newRigOn(t, s)
	f := r.add("front", jitTraits())
	r.pass(time.Minute)
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	s.fail, s.after = store.ErrUnknown, false
	o := r.air[0].outcome
	r.now, r.air = r.air[0].at, nil
	if err := r.once(o); err == nil {
		t.Fatal("no error")
	}
	r.forget()
	r.step()
	r.pass(time.Minute)
	if got := r.verbs("front"); got != "observe" {
		t.Errorf("calls %s, want one look that finds it", got)
	}
	r.status("g", engine.StatusSet)
	if len(f.held) != 1 {
		t.Errorf("%d credentials", len(f.held))
	}
}

func TestAStoreThatCannotBeRead(t *testing.T) {
	s := &faulty{Store: memkv.New()}
	r := newRigOn(t, s)
	r.add("front", jitTraits())
	r.pass(time.Minute)
	s.reads, r.quiet = errors.New("disk on fire"), true
	var a answer
	if err := r.once(a.to(engine.Command{Do: engine.Create{ID: "g", Device: "front"}})); !errors.Is(err, s.reads) || a.n != 1 || !errors.Is(a.err, s.reads) {
		t.Errorf("%v, answered %d times: %v", err, a.n, a.err)
	}
	if _, err := r.e.Snapshot(context.Background(), r.now, engine.Query{View: engine.ViewCode, Code: "g"}); !errors.Is(err, s.reads) {
		t.Errorf("snapshot: %v", err)
	}
	if _, err := r.e.Journal(context.Background(), 0, 0); !errors.Is(err, s.reads) {
		t.Errorf("journal: %v", err)
	}
}

// Whichever read of a command fails: nobody is told yes, nothing is changed, and the next try does it.
func TestAnyReadOfACommandMayFail(t *testing.T) {
	s := &faulty{Store: memkv.New()}
	r := newRigOn(t, s)
	tr := jitTraits()
	tr.UpdatesInPlace = true
	for _, id := range []lock.DeviceID{"front", "back"} {
		r.add(id, tr)
	}
	r.pass(time.Minute)
	fail := 0
	do := func(c engine.Command) engine.Receipt {
		t.Helper()
		for n := 1; ; n++ {
			before := r.dump()
			var a answer
			s.left = n
			w, err := r.e.Step(r.now, a.to(c))
			reached := s.left == 0
			s.left = 0
			if r.took(w); a.n != 1 {
				t.Fatalf("%s was answered %d times", c.Do.Verb(), a.n)
			}
			if !reached {
				if err != nil || a.err != nil {
					t.Fatalf("%s: %v, %v", c.Do.Verb(), err, a.err)
				}
				r.pass(time.Minute)
				return a.rec
			}
			fail++
			if !errors.Is(err, errFire) || !errors.Is(a.err, errFire) || len(a.rec.Codes) > 0 {
				t.Fatalf("%s, read %d: step %v, answer %+v, %v", c.Do.Verb(), n, err, a.rec, a.err)
			}
			if diff := before.diff(r.dump()); diff != "" {
				t.Fatalf("%s, read %d: the store changed: %s", c.Do.Verb(), n, diff)
			}
			r.step()
		}
	}
	do(engine.Command{Key: "k", Do: engine.Create{ID: "a", Device: "front", PIN: pin("4829")}})
	do(engine.Command{Key: "k", Do: engine.Create{ID: "a", Device: "front", PIN: pin("4829")}})
	do(engine.Command{Do: engine.CreateMany{Like: engine.Create{Name: "K"}, Devices: []lock.DeviceID{"front", "back"}, IDs: []lock.CodeID{"k1", "k2"}}})
	do(engine.Command{Do: engine.UpdateMany{CommonKey: r.code("k1").CommonKey, Name: ptr("L")}})
	changed := do(engine.Command{Do: engine.Update{Code: "a", Name: ptr("Bo")}})
	do(engine.Command{Do: engine.Undo{Receipt: changed.Seq}})
	gone := do(engine.Command{Do: engine.Delete{Code: "a"}})
	r.status("a", engine.StatusGone)
	do(engine.Command{Do: engine.Undo{Receipt: gone.Seq}})
	do(engine.Command{Do: engine.Reveal{Code: "k1"}})
	do(engine.Command{Do: engine.RemoveDevice{Device: "back"}})
	r.status("a", engine.StatusSet)
	if fail < 10 {
		t.Errorf("only %d reads failed", fail)
	}
}

func TestAnyReadOfOpenMayFail(t *testing.T) {
	s := &faulty{Store: memkv.New()}
	r := newRigOn(t, s)
	r.add("front", jitTraits())
	r.do(engine.SetPolicy{Account: "acme", Patch: engine.PolicyPatch{PoolSize: ptr(2)}})
	r.pass(time.Minute)
	for n := 1; ; n++ {
		s.left = n
		_, err := engine.Open(context.Background(), engine.Options{Store: s, Secret: secret})
		if s.left > 0 {
			if err != nil || n < 6 {
				t.Errorf("after %d reads: %v", n, err)
			}
			return
		}
		if !errors.Is(err, errFire) {
			t.Fatalf("read %d: %v", n, err)
		}
	}
}

// A fleet is read page by page.
func TestALargeFleetIsReadWhole(t *testing.T) {
	const fleet = 2100
	r := newRig(t)
	r.quiet = true
	var in []engine.Input
	for i := range fleet {
		v := lock.Device{ID: lock.DeviceID(fmt.Sprintf("d%04d", i)), Account: "acme", Traits: blindTraits()}
		r.locks[v.ID] = &fake{device: v, reach: lock.Reached}
		in = append(in, (&answer{}).to(engine.Command{Do: engine.AddDevice{Device: v}}))
	}
	r.step(in...)
	r.kill()
	r.open()
	if n := r.snapshot(engine.Query{View: engine.ViewFleet}).Total; n != fleet {
		t.Errorf("%d locks of %d", n, fleet)
	}
}

func TestAStrangerWhoWritesIsNoticed(t *testing.T) {
	m := memkv.New()
	r := newRigOn(t, m)
	r.add("front", jitTraits())
	r.pass(time.Minute)
	kv, _ := m.Get(context.Background(), "run/front")
	if _, err := m.Commit(context.Background(), nil, []store.Op{{Key: "run/front", Val: kv.Val}}); err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := r.once(a.to(engine.Command{Do: engine.Create{ID: "g", Device: "front"}})); !errors.Is(err, store.ErrConflict) || !errors.Is(a.err, store.ErrConflict) {
		t.Errorf("%v, %v", err, a.err)
	}
	r.do(engine.Create{ID: "g", Device: "front"}) // it has read again
}

func TestACommandThatIsTooBigIsRefused(t *testing.T) {
	r := newRigOn(t, memkv.NewLimited(store.Limits{MaxOps: 100, MaxBytes: 1 << 20}))
	like := engine.Create{Name: "x", CommonKey: "key", Starts: hours(100), Ends: hours(200)}
	var doors []lock.DeviceID
	for i := range 60 {
		id := lock.DeviceID(fmt.Sprintf("lock-%02d", i))
		r.add(id, jitTraits())
		doors = append(doors, id)
		c := like
		c.Device = id
		r.do(c)
	}
	r.pass(time.Minute)
	no := r.refused(engine.CreateMany{Like: like, Devices: doors[:7]}, "too_large", "devices")
	if !strings.Contains(no.Message, "6 doors") {
		t.Errorf("the bound is not named: %s", no.Message)
	}
	like.CommonKey = ""
	r.do(engine.CreateMany{Like: like, Devices: doors[:6]})
	var a answer
	before := r.dump()
	in := []engine.Input{a.to(engine.Command{Do: engine.UpdateMany{CommonKey: "key", Ends: ptr(hours(300))}})}
	r.step(in...)
	var refusal *engine.Refusal
	if a.n != 1 || !errors.As(a.err, &refusal) || refusal.Code != "too_large" {
		t.Errorf("answered %d times: %v", a.n, a.err)
	}
	if diff := before.diff(r.dump()); diff != "" {
		t.Errorf("refused, and yet the store changed: %s", diff)
	}
	// Beside others that fit, it alone is refused.
	var b, c answer
	r.step(b.to(engine.Command{Do: engine.Observe{Device: "lock-00"}}), a.to(engine.Command{Do: engine.UpdateMany{CommonKey: "key", Ends: ptr(hours(300))}}), c.to(engine.Command{Do: engine.Observe{Device: "lock-01"}}))
	if a.n != 2 || b.n != 1 || c.n != 1 || a.err == nil || b.err != nil || c.err != nil {
		t.Errorf("answered %d %d %d times: %v, %v, %v", a.n, b.n, c.n, a.err, b.err, c.err)
	}
}

func TestMoreInputsThanOneCommitTakes(t *testing.T) {
	r := newRigOn(t, memkv.NewLimited(store.Limits{MaxOps: 100, MaxBytes: 1 << 20}))
	for i := range 40 {
		r.add(lock.DeviceID(fmt.Sprintf("lock-%02d", i)), jitTraits())
	}
	r.pass(time.Minute)
	var in []engine.Input
	answers := make([]answer, 200)
	for i := range answers {
		in = append(in, answers[i].to(engine.Command{Do: engine.Create{ID: lock.CodeID(fmt.Sprint("c", i)), Device: lock.DeviceID(fmt.Sprintf("lock-%02d", i%40)), Starts: hours(200), Ends: hours(300)}}))
	}
	r.step(in...)
	seqs := map[engine.Seq]bool{}
	for i, a := range answers {
		if a.n != 1 || a.err != nil || seqs[a.rec.Seq] {
			t.Fatalf("input %d: answered %d times: %v", i, a.n, a.err)
		}
		seqs[a.rec.Seq] = true
	}
	if f := r.snapshot(engine.Query{View: engine.ViewFleet}).Fleet; f.Unset != 200 {
		t.Errorf("%+v", f)
	}
	r.until(hours(201))
	if f := r.snapshot(engine.Query{View: engine.ViewFleet}).Fleet; f.Set != 200 {
		t.Errorf("%+v", f)
	}
}

func TestAKillInMidFlight(t *testing.T) {
	type life struct {
		name string
		do   func(r *rig)
		verb engine.CallVerb
		want string // calls after the restart
	}
	for _, l := range []life{
		{"observe", func(r *rig) { r.do(engine.Observe{Device: "front"}) }, engine.CallObserve, "observe"},
		{"set", func(r *rig) { r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")}) }, engine.CallSet, ""},
		{"clear", func(r *rig) { r.do(engine.Delete{Code: "old"}) }, engine.CallClear, ""},
	} {
		for _, landed := range []bool{true, false} {
			t.Run(fmt.Sprint(l.name, " landed ", landed), func(t *testing.T) {
				r := newRig(t)
				f := r.add("front", jitTraits())
				r.do(engine.Create{ID: "old", Device: "front", PIN: pin("1350")})
				r.pass(time.Hour)
				if !landed && l.verb != engine.CallObserve {
					f.then(reply{verb: l.verb}) // says yes and does nothing: nobody hears it
				}
				l.do(r)
				if fl := r.device("front").Flight; fl == nil || fl.Verb != l.verb {
					t.Fatalf("in flight: %+v", fl)
				}
				r.kill()
				r.pass(0)
				r.now = r.now.Add(10 * time.Minute)
				r.forget()
				r.open()
				r.pass(10 * time.Minute)
				want := "observe"
				switch {
				case l.verb == engine.CallSet && !landed:
					want = "observe set observe"
				case l.verb == engine.CallClear && !landed:
					want = "observe clear observe"
				}
				if got := r.verbs("front"); got != want {
					t.Errorf("calls %s, want %s", got, want)
				}
				switch l.verb {
				case engine.CallSet:
					r.status("g", engine.StatusSet)
					if len(f.held) != 2 {
						t.Errorf("%d credentials", len(f.held))
					}
				case engine.CallClear:
					r.status("old", engine.StatusGone)
					if len(f.held) != 0 {
						t.Errorf("%d credentials", len(f.held))
					}
				}
			})
		}
	}
}

func TestOpenRefusesWhatItCannotRead(t *testing.T) {
	open := func(ops ...store.Op) error {
		m := memkv.New()
		r := newRigOn(t, m)
		r.add("front", jitTraits())
		r.do(engine.Create{ID: "g", Device: "front"})
		r.pass(time.Minute)
		if _, err := m.Commit(context.Background(), nil, ops); err != nil {
			t.Fatal(err)
		}
		_, err := engine.Open(context.Background(), engine.Options{Store: m})
		return err
	}
	if err := open(store.Op{Key: "meta/schema", Val: []byte("2")}); !errors.Is(err, engine.ErrNewer) || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("newer: %v", err)
	}
	if err := open(store.Op{Key: "meta/schema", Val: []byte("0")}); err == nil || !strings.Contains(err.Error(), "from record format 0 to 1") {
		t.Errorf("without a migration: %v", err)
	}
	for key, val := range map[string]string{"meta/schema": "one", "meta/policy": "{", "meta/commit": "{", "acct/x/policy": "{", "acct/y/policy": `{"PoolSize":-1}`, "link/a:x": "{"} {
		if err := open(store.Op{Key: key, Val: []byte(val)}); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s damaged: %v", key, err)
		}
	}
	if err := open(store.Op{Key: "meta/secret", Delete: true}); err == nil || !strings.Contains(err.Error(), "meta/secret") {
		t.Errorf("without a secret: %v", err)
	}
	bad := engine.DefaultPolicy()
	bad.CallTimeout = 0
	if _, err := engine.Open(context.Background(), engine.Options{Store: memkv.New(), Policy: bad}); err == nil {
		t.Error("a store is made with a policy out of bounds")
	}
}
