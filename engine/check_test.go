package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
)

// lived is a store in which something has happened.
func lived(t *testing.T) (*memkv.Store, *rig) {
	t.Helper()
	m := memkv.New()
	r := newRigOn(t, m)
	old(r)
	return m, r
}

func check(t *testing.T, s store.Store) engine.Report {
	t.Helper()
	report, err := engine.Check(context.Background(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestNothingIsWrongWithWhatTheEngineWrites(t *testing.T) {
	m, _ := lived(t)
	if _, err := m.Commit(context.Background(), nil, []store.Op{{Key: "key/1abc", Val: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	if r := check(t, m); len(r.Findings) > 0 || r.Records < 20 || r.Others != 1 {
		t.Errorf("%d records and %d others, and found: %+v", r.Records, r.Others, r.Findings)
	}
	for i, m := range kept(t) {
		if r := check(t, m); len(r.Findings) > 0 || r.Records < 20 {
			t.Errorf("store %d: %d records, and found: %+v", i, r.Records, r.Findings)
		}
	}
	if r := check(t, memkv.New()); len(r.Findings) > 0 || r.Records != 0 {
		t.Errorf("an empty store: %+v", r)
	}
}

// Each record in turn is gone, cut short, or another's: that is found, and what is said to be mended is mended by the first
// repair and leaves an engine that opens.
func TestWhatIsMissingOrDamagedIsFound(t *testing.T) {
	whole, r := lived(t)
	keys := make([]string, 0)
	for key := range r.dump() {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	mended := map[string]bool{}
	for _, key := range keys {
		for name, op := range map[string]store.Op{
			"gone":      {Key: key, Delete: true},
			"cut short": {Key: key, Val: []byte(`{"`)},
		} {
			dir, _, _ := strings.Cut(key, "/")
			if name == "gone" && slices.Contains([]string{"acct", "idem", "undo", "link", "group", "held", "code", "hist"}, dir) || key == "meta/rethink" {
				continue // nothing tells that they were ever there; a code's are told by its index
			}
			m := whole.Clone()
			if _, err := m.Commit(context.Background(), nil, []store.Op{op}); err != nil {
				t.Fatal(err)
			}
			report := check(t, m)
			if len(report.Findings) == 0 {
				if name == "gone" && key == slices.MinFunc(keys, byJournal) {
					continue // the journal may begin anywhere
				}
				t.Errorf("%s %s is not found", key, name)
				continue
			}
			for _, f := range report.Findings {
				if f.Message == "" || f.Repairable() == (f.Remedy != "") {
					t.Errorf("%s %s: %+v", key, name, f)
				}
			}
			before := len(report.Findings)
			n, err := engine.Repair(context.Background(), m, report)
			if err != nil {
				t.Fatal(err)
			}
			if again := check(t, m); len(again.Findings) != before-n {
				t.Errorf("%s %s: %d findings, %d mended, and then: %+v", key, name, before, n, again.Findings)
			}
			if n == before {
				mended[dir] = true
				e, err := engine.Open(context.Background(), engine.Options{Store: m})
				if err != nil {
					t.Errorf("%s %s, mended: %v", key, name, err)
				} else if _, err := e.Step(r.now); err != nil {
					t.Errorf("%s %s, mended: %v", key, name, err)
				}
			}
		}
	}
	for _, dir := range []string{"cid", "held"} {
		if !mended[dir] {
			t.Errorf("no record of %s was mended", dir)
		}
	}
}

// byJournal sorts the oldest event first, and all else last.
func byJournal(a, b string) int {
	rank := func(key string) string {
		if strings.HasPrefix(key, "ev/") {
			return "0" + key
		}
		return "1" + key
	}
	return strings.Compare(rank(a), rank(b))
}

func TestALockWhoseMemoryIsBlurredIsLookedAtFirst(t *testing.T) {
	m := memkv.New()
	r := newRigOn(t, m)
	r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	if _, err := m.Commit(context.Background(), nil, []store.Op{{Key: "held/front", Val: []byte("[{")}}); err != nil {
		t.Fatal(err)
	}
	r.kill()
	report := check(t, m)
	if n, err := engine.Repair(context.Background(), m, report); n != 1 || err != nil {
		t.Fatalf("%d mended, %v of %+v", n, err, report.Findings)
	}
	r.forget()
	r.open()
	r.pass(time.Minute)
	if r.verbs("front") != "observe" {
		t.Errorf("the lock was asked for %s", r.verbs("front"))
	}
	r.status("g", engine.StatusSet)
}
