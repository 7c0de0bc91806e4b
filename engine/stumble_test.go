package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
)

// trapped is a store that takes a bug's part: whoever reads below its prefix is thrown.
type trapped struct {
	store.Store
	prefix string
}

func (s *trapped) spring(key string) {
	if s.prefix != "" && strings.HasPrefix(key, s.prefix) {
		panic("index out of range")
	}
}

func (s *trapped) Get(ctx context.Context, key string) (store.KV, error) {
	s.spring(key)
	return s.Store.Get(ctx, key)
}

func (s *trapped) Scan(ctx context.Context, prefix, after string, limit int) ([]store.KV, store.Rev, error) {
	s.spring(prefix)
	return s.Store.Scan(ctx, prefix, after, limit)
}

// TestABugInACommandIsItsAnswer lets the check of one command, and the doing of another, run into a bug. Each is answered with it and has
// changed nothing, the other commands of the step are taken, and the next try finds all as it was.
func TestABugInACommandIsItsAnswer(t *testing.T) {
	for name, bad := range map[string]struct {
		prefix string
		do     engine.Action
	}{
		"check": {"undo/", engine.Undo{Receipt: 1}},
		"apply": {"group/", engine.Reveal{Code: "shared"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &trapped{Store: memkv.New()}
			r := newRigOn(t, s)
			r.add("front", jitTraits())
			r.do(engine.Create{ID: "shared", Device: "front", CommonKey: "family"})
			r.pass(time.Minute)
			before := r.e.Seq()
			s.prefix = bad.prefix
			var first, thrown, last answer
			r.step(
				first.to(engine.Command{Do: engine.Create{ID: "g", Device: "front", PIN: pin("4829")}}),
				thrown.to(engine.Command{Do: bad.do}),
				last.to(engine.Command{Do: engine.Create{ID: "h", Device: "front", PIN: pin("5937")}}),
			)
			if first.n != 1 || first.err != nil || last.n != 1 || last.err != nil {
				t.Errorf("the others were answered %d and %d times: %v, %v", first.n, last.n, first.err, last.err)
			}
			if thrown.n != 1 || thrown.err == nil || !strings.Contains(thrown.err.Error(), "index out of range") {
				t.Errorf("it was answered %d times: %v", thrown.n, thrown.err)
			}
			s.prefix = ""
			for _, e := range r.journal() {
				if e.Seq > before && e.Type == "command."+bad.do.Verb() {
					t.Errorf("the journal tells of it: %+v", e)
				}
			}
			r.kill()
			r.open()
			r.pass(time.Minute)
			r.status("g", engine.StatusSet)
			r.status("h", engine.StatusSet)
			if v := r.code("shared"); !v.Told.IsZero() {
				t.Errorf("it was half done: %+v", v)
			}
			r.do(engine.Reveal{Code: "shared"})
		})
	}
}

// TestABugInAQuestionIsItsAnswer asks for what runs into a bug, and then for something else.
func TestABugInAQuestionIsItsAnswer(t *testing.T) {
	s := &trapped{Store: memkv.New()}
	r := newRigOn(t, s)
	r.add("front", jitTraits())
	r.pass(time.Minute)
	r.pass(time.Minute) // the journal's last lines are in memory no more
	for prefix, ask := range map[string]func() error{
		"hist/": func() error {
			_, err := r.e.Snapshot(t.Context(), r.now, engine.Query{View: engine.ViewHistory, Device: "front"})
			return err
		},
		"ev/": func() error { _, err := r.e.Journal(t.Context(), 0, 0); return err },
	} {
		s.prefix = prefix
		if err := ask(); err == nil || !strings.Contains(err.Error(), "index out of range") {
			t.Errorf("below %s the answer is %v", prefix, err)
		}
		s.prefix = ""
		if err := ask(); err != nil {
			t.Errorf("below %s, put again: %v", prefix, err)
		}
	}
}
