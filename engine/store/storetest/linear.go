package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/accesscodes/lockctl/engine/store"
)

const (
	linearKeys    = 3  // few, so that clients collide
	linearClients = 4  // at once
	linearCalls   = 60 // of each client
)

// cell is what one key holds; the zero value is an absent key.
type cell struct {
	val string
	rev store.Rev
}

// whole is the state of a store of linearKeys keys, comparable.
type whole struct {
	cells [linearKeys]cell
	rev   store.Rev
}

// guard demands that a key stands at rev; write sets a key, or deletes it.
type (
	guard struct {
		key int
		rev store.Rev
	}
	write struct {
		key    int
		val    string
		delete bool
	}
)

// call is one call of a client, as the checker sees it: a commit, a read of one key, or a read of all.
type call struct {
	kind   string // "commit", "get", "scan"
	key    int    // of a get
	guards []guard
	writes []write
}

// answer is what the store said: of a commit its revision, 0 for a conflict; of a get the key in cells[0]; of a scan all.
type answer struct {
	rev   store.Rev
	cells [linearKeys]cell
}

// sequential is the store as one client alone would see it; a history is linearizable if it can be laid out so.
func sequential() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return whole{} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := state.(whole), input.(call), output.(answer)
			switch in.kind {
			case "get":
				return out.cells[0] == s.cells[in.key], s
			case "scan":
				return out.rev == s.rev && out.cells == s.cells, s
			}
			for _, g := range in.guards {
				if s.cells[g.key].rev != g.rev {
					return out.rev == 0, s
				}
			}
			s.rev++
			for _, w := range in.writes {
				s.cells[w.key] = cell{w.val, s.rev}
				if w.delete {
					s.cells[w.key] = cell{}
				}
			}
			return out.rev == s.rev, s
		},
	}
}

// linearizable judges a history; a check that does not end in time is no proof and counts as a failure.
func linearizable(history []porcupine.Operation) bool {
	return porcupine.CheckOperationsTimeout(sequential(), history, 20*time.Second) == porcupine.Ok
}

func linearKey(i int) string { return fmt.Sprintf("k/%d", i) }

// ask makes one call of a store.
func ask(t *testing.T, s store.Store, in call) (answer, error) {
	var out answer
	switch in.kind {
	case "get":
		kv, err := s.Get(t.Context(), linearKey(in.key))
		out.cells[0] = cell{string(kv.Val), kv.Rev}
		return out, err
	case "scan":
		kvs, at, err := s.Scan(t.Context(), "k/", "", 0)
		out.rev = at
		for _, kv := range kvs {
			var i int
			if _, err := fmt.Sscanf(kv.Key, "k/%d", &i); err != nil {
				return out, err
			}
			out.cells[i] = cell{string(kv.Val), kv.Rev}
		}
		return out, err
	}
	var conds []store.Cond
	for _, g := range in.guards {
		conds = append(conds, is(linearKey(g.key), g.rev))
	}
	var ops []store.Op
	for _, w := range in.writes {
		op := set(linearKey(w.key), w.val)
		if w.delete {
			op = del(op.Key)
		}
		ops = append(ops, op)
	}
	rev, err := s.Commit(t.Context(), conds, ops)
	if errors.Is(err, store.ErrConflict) {
		err = nil
	}
	out.rev = rev
	return out, err
}

// record lets clients loose on s and returns what each asked and was told. Calls are stamped by a counter: whoever returned
// before another called has the smaller stamp, and that is all the checker wants of a time.
func record(t *testing.T, s store.Store) []porcupine.Operation {
	var (
		stamp   atomic.Int64
		mu      sync.Mutex
		history []porcupine.Operation
		clients sync.WaitGroup
	)
	for id := range linearClients {
		clients.Go(func() {
			random := rand.New(rand.NewPCG(uint64(id), 3))
			var known [linearKeys]store.Rev // what this client believes, often out of date
			for n := range linearCalls {
				in := draw(random, known, fmt.Sprintf("%d.%d", id, n))
				began := stamp.Add(1)
				out, err := ask(t, s, in)
				ended := stamp.Add(1)
				if err != nil {
					t.Errorf("client %d, call %d: %v", id, n, err)
					return
				}
				switch {
				case in.kind == "get":
					known[in.key] = out.cells[0].rev
				case in.kind == "scan":
					for i, c := range out.cells {
						known[i] = c.rev
					}
				case out.rev != 0:
					for _, w := range in.writes {
						known[w.key] = out.rev
						if w.delete {
							known[w.key] = 0
						}
					}
				}
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: id, Input: in, Call: began, Output: out, Return: ended})
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	return history
}

// draw picks a client's next call; val is unique, so that a read tells which write it saw.
func draw(random *rand.Rand, known [linearKeys]store.Rev, val string) call {
	switch random.IntN(5) {
	case 0:
		return call{kind: "get", key: random.IntN(linearKeys)}
	case 1:
		return call{kind: "scan"}
	}
	in := call{kind: "commit"}
	for _, key := range random.Perm(linearKeys)[:random.IntN(linearKeys)] {
		in.guards = append(in.guards, guard{key, known[key]})
	}
	for _, key := range random.Perm(linearKeys)[:1+random.IntN(linearKeys)] {
		in.writes = append(in.writes, write{key: key, val: val, delete: random.IntN(4) == 0})
	}
	return in
}

// testLinearizable checks that concurrent calls can be laid out one after the other, and that the check is worth having: the
// same history with one answer falsified must not pass.
func testLinearizable(t *testing.T, open Opener) {
	history := record(t, opened(t, open))
	if !linearizable(history) {
		t.Fatalf("a history of %d calls is not linearizable", len(history))
	}
	made, refused := 0, 0
	for _, op := range history {
		if op.Input.(call).kind == "commit" {
			if op.Output.(answer).rev != 0 {
				made++
			} else {
				refused++
			}
		}
	}
	if made == 0 || refused == 0 {
		t.Errorf("of the commits %d were made and %d refused: the clients did not collide", made, refused)
	}
	falsify(t, history, "a read of a value never written", func(in call, out *answer) bool {
		out.cells[0].val += "?"
		return in.kind == "get" && out.cells[0].rev != 0
	})
	falsify(t, history, "a read at an older revision", func(in call, out *answer) bool {
		out.cells[0].rev--
		return in.kind == "get" && out.cells[0].rev > 0
	})
	falsify(t, history, "a scan that misses a key", func(in call, out *answer) bool {
		i := slices.IndexFunc(out.cells[:], func(c cell) bool { return c.rev != 0 })
		if in.kind != "scan" || i < 0 {
			return false
		}
		out.cells[i] = cell{}
		return true
	})
	falsify(t, history, "a commit made and reported as refused", func(in call, out *answer) bool {
		made := out.rev != 0
		out.rev = 0
		return in.kind == "commit" && made && len(in.guards) == 0 // with a guard a refusal might be believed
	})
}

// falsify changes the last answer in history that lie takes, and checks that the model catches it.
func falsify(t *testing.T, history []porcupine.Operation, name string, lie func(call, *answer) bool) {
	t.Helper()
	for i, op := range slices.Backward(history) {
		out := op.Output.(answer)
		if !lie(op.Input.(call), &out) {
			continue
		}
		forged := slices.Clone(history)
		forged[i].Output = out
		if porcupine.CheckOperationsTimeout(sequential(), forged, 20*time.Second) != porcupine.Illegal {
			t.Errorf("%s went unnoticed in a history of %d calls", name, len(history))
		}
		return
	}
	t.Errorf("the history has no answer to falsify as %s", name)
}
