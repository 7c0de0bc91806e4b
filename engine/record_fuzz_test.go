package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// damages are what can become of a record. with is some other record, at and mask say where and how.
var damages = []struct {
	name string
	do   func(val, with []byte, at int, mask byte) []byte
}{
	{"a bit flips", func(val, _ []byte, at int, mask byte) []byte {
		if len(val) > 0 {
			val[at%len(val)] ^= mask
		}
		return val
	}},
	{"the end is missing", func(val, _ []byte, at int, _ byte) []byte { return val[:at%(len(val)+1)] }},
	{"it is another's", func(_, with []byte, _ int, _ byte) []byte { return with }},
	{"it is of another type", func(_, _ []byte, at int, _ byte) []byte {
		wrong := []string{"null", "[]", "{}", "1", `"x"`, "true", "[null]", `{"ID":7}`, "-1e400", "\xff", "", strings.Repeat("[", 20_000), `{"Codes":[null],"Places":[{}],"Flight":{},"Row":{}}`}
		return []byte(wrong[at%len(wrong)])
	}},
	{"a number is another", func(val, _ []byte, at int, mask byte) []byte {
		numbers := []string{"-1", "0", "9223372036854775807", "-9223372036854775808", "1e30", "255"}
		for i := range val {
			k := (at + i) % len(val)
			if c := val[k]; '0' <= c && c <= '9' {
				return slices.Concat(val[:k], []byte(numbers[int(mask)%len(numbers)]), val[k+1:])
			}
		}
		return val
	}},
	{"a field of later days", func(val, _ []byte, _ int, _ byte) []byte {
		if len(val) > 2 && val[0] == '{' {
			return append([]byte(`{"FromTheFuture":{"a":[1]},`), val[1:]...)
		}
		return val
	}},
	{"it is gone", func([]byte, []byte, int, byte) []byte { return nil }},
}

// kept is the stores whose records are damaged: as format 1 left it, and as this code writes it.
func kept(t testing.TB) []*memkv.Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "v1")
	if err := os.CopyFS(dir, os.DirFS(versionDir)); err != nil {
		t.Fatal(err)
	}
	disk, err := badgerkv.Open(badgerkv.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	first, now := memkv.New(), memkv.New()
	if err := store.Copy(context.Background(), first, disk); err != nil {
		t.Fatal(err)
	}
	old(newRigOn(t, now))
	return []*memkv.Store{first, now}
}

// survivor runs an engine on a store with one damaged record, over locks that hold nothing.
type survivor struct {
	t   *testing.T
	e   *engine.Engine
	key string // of the damaged record
	now time.Time
	bad int // errors that named it
}

// takes judges an error: it must say which record is the trouble.
func (s *survivor) takes(what string, err error) bool {
	s.t.Helper()
	switch {
	case err == nil:
		return true
	case !strings.Contains(err.Error(), s.key) && !strings.Contains(err.Error(), "record format") && !errors.Is(err, engine.ErrNewer):
		s.t.Errorf("%s: the record is not named: %v", what, err)
	case strings.ContainsAny(err.Error(), "\n"):
		s.t.Errorf("%s: more than a sentence: %q", what, err)
	}
	s.bad++
	return false
}

// live lets a day pass.
func (s *survivor) live(devices map[lock.DeviceID]lock.Traits) {
	locks := map[lock.DeviceID]*fake{}
	for id, tr := range devices {
		locks[id] = &fake{device: lock.Device{ID: id, Traits: tr}, reach: lock.Reached, drop: map[engine.CallVerb]bool{}, assign: pin("975311")}
	}
	var in []engine.Input
	ask := func(c engine.Command) {
		in = append(in, engine.Submission{Command: c, Done: func(engine.Receipt, error) {}})
	}
	for _, id := range slices.Sorted(maps.Keys(devices)) {
		ask(engine.Command{Do: engine.Observe{Device: id}})
		ask(engine.Command{Key: "booking-7", Do: engine.Create{Device: id}})
	}
	ask(engine.Command{Do: engine.Undo{Receipt: 25}})
	in = append(in, engine.Notice{Account: "acme"})
	for range 300 {
		w, err := s.e.Step(s.now, in...)
		if !s.takes("step", err) && s.bad > 20 {
			return
		}
		if w.Taken < len(in) {
			in = in[w.Taken:]
			continue
		}
		in = nil
		for _, c := range w.Calls {
			o := engine.Outcome{}
			if f := locks[c.Device]; f != nil {
				o, _ = f.answer(s.now, c)
			}
			o.Call, o.Device = c.ID, c.Device
			in = append(in, o)
		}
		next := s.now.Add(2 * time.Second)
		if len(in) == 0 && w.Wake.After(next) {
			next = w.Wake
		}
		if s.now = next; s.now.After(hours(30)) {
			return
		}
	}
}

// read asks for everything that can be shown.
func (s *survivor) read(devices map[lock.DeviceID]lock.Traits) {
	queries := []engine.Query{{View: engine.ViewFleet}, {View: engine.ViewArrivals}, {View: engine.ViewCodes}, {View: engine.ViewCode, Code: "stay"}}
	for _, id := range slices.Sorted(maps.Keys(devices)) {
		queries = append(queries, engine.Query{View: engine.ViewDevice, Device: id}, engine.Query{View: engine.ViewHistory, Device: id})
	}
	for _, q := range queries {
		_, err := s.e.Snapshot(context.Background(), s.now, q)
		var no *engine.Refusal
		if !errors.As(err, &no) {
			s.takes(fmt.Sprintf("snapshot %+v", q), err)
		}
	}
	for after := engine.Seq(0); ; {
		page, err := s.e.Journal(context.Background(), after, 0)
		if !s.takes("journal", err) || len(page) == 0 {
			return
		}
		after = page[len(page)-1].Seq
	}
}

// Whatever becomes of one record of a kept store: opening, stepping and reading work, or answer with an error that names the
// record; and a record that could not be read stays as it is.
func FuzzRecords(f *testing.F) {
	stores := kept(f)
	var keys [][]store.KV
	for _, s := range stores {
		kvs, _, err := s.Scan(context.Background(), "", "", 0)
		if err != nil {
			f.Fatal(err)
		}
		keys = append(keys, kvs)
	}
	r := newRig(f)
	old(r)
	devices := map[lock.DeviceID]lock.Traits{}
	for id, l := range r.locks {
		devices[id] = l.device.Traits
	}
	f.Fuzz(func(t *testing.T, which, what, other, mask byte, at uint16, key uint16) {
		n := int(which) % len(stores)
		kvs := keys[n]
		victim := kvs[int(key)%len(kvs)]
		val := damages[int(what)%len(damages)].do(slices.Clone(victim.Val), kvs[int(other)%len(kvs)].Val, int(at), mask)
		m := stores[n].Clone()
		if _, err := m.Commit(context.Background(), nil, []store.Op{{Key: victim.Key, Val: val, Delete: val == nil}}); err != nil {
			t.Fatal(err)
		}
		s := &survivor{t: t, key: victim.Key, now: hours(4).Add(time.Second / 2)}
		e, err := engine.Open(context.Background(), engine.Options{Store: m})
		if s.takes("open", err) {
			s.e = e
			s.read(devices)
			s.live(devices)
			s.read(devices)
		}
		if got, err := m.Get(context.Background(), victim.Key); err != nil || s.bad > 0 && string(got.Val) != string(val) {
			t.Errorf("%s could not be read, and was changed: %v\n%s\n%s", victim.Key, err, val, got.Val)
		}
	})
}
