package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
)

// A record under the key of another reads well and is wrong: it must not lead a reader astray.
func TestARecordOfAnotherIsNotTaken(t *testing.T) {
	for key, from := range map[string]string{"dev/front": "dev/back", "code/front/g": "code/back/h", "ev/0000000000000005": "ev/0000000000000002"} {
		m := memkv.New()
		r := newRigOn(t, m)
		r.add("front", jitTraits())
		r.add("back", jitTraits())
		r.do(engine.Create{ID: "g", Device: "front"})
		r.do(engine.Create{ID: "h", Device: "back"})
		r.pass(time.Minute)
		other, err := m.Get(context.Background(), from)
		if err != nil || other.Rev == 0 {
			t.Fatal(from, err)
		}
		if _, err := m.Commit(context.Background(), nil, []store.Op{{Key: key, Val: other.Val}}); err != nil {
			t.Fatal(err)
		}
		e, err := engine.Open(context.Background(), engine.Options{Store: m})
		if err != nil {
			t.Fatal(err)
		}
		_, inDevice := e.Snapshot(context.Background(), r.now, engine.Query{View: engine.ViewDevice, Device: "front"})
		_, inJournal := e.Journal(context.Background(), 0, 0)
		if err := errors.Join(inDevice, inJournal); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s holding %s: %v", key, from, err)
		}
	}
}

func TestADamagedAnswerRefusesItsCommandAlone(t *testing.T) {
	m := memkv.New()
	r := newRigOn(t, m)
	r.add("front", jitTraits())
	made, err := r.submit(engine.Command{Key: "k", Do: engine.Create{ID: "g", Device: "front"}})
	if err != nil {
		t.Fatal(err)
	}
	for key := range r.dump() {
		if strings.HasPrefix(key, "idem/") || strings.HasPrefix(key, "undo/") {
			if _, err := m.Commit(context.Background(), nil, []store.Op{{Key: key, Val: []byte("{")}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.kill()
	r.open()
	for key, c := range map[string]engine.Command{"idem/k": {Key: "k", Do: engine.Create{ID: "g", Device: "front"}}, "undo/": {Do: engine.Undo{Receipt: made.Seq}}} {
		var no *engine.Refusal
		if _, err := r.submit(c); !errors.As(err, &no) || no.Code != "unreadable_record" || !strings.Contains(no.Message, key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
