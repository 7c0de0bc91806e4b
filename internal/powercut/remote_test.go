//go:build linux && (amd64 || arm64)

package powercut

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
)

// childVar, in the environment of this test binary, makes it a child that serves the store in the directory it names.
const childVar = "POWERCUT_TEST_CHILD"

func TestMain(m *testing.M) {
	if how, dir, ok := strings.Cut(os.Getenv(childVar), " "); ok {
		if err := serve(badgerkv.Options{Dir: dir, Sync: how == "sync", Key: make([]byte, badgerkv.KeySize)}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// request is one call of a store, and reply its end.
type request struct {
	Verb  string // get, scan, commit, close
	Key   string
	After string
	Limit int
	Conds []store.Cond
	Ops   []store.Op
}

type reply struct {
	KVs   []store.KV
	Rev   store.Rev
	Error string // "": none
	Known int    // which of the errors of the seam it is, from 1; 0: none of them
}

// known are the errors that a reply can tell apart.
func known() []error {
	return []error{store.ErrUnknown, store.ErrConflict, store.ErrTooBig, store.ErrClosed, badgerkv.ErrStopped}
}

// serve opens a store under watch and answers requests on the standard input until it ends.
func serve(o badgerkv.Options) error {
	if err := Yield(); err != nil {
		return err
	}
	in, out := gob.NewDecoder(os.Stdin), gob.NewEncoder(os.Stdout)
	say := func(r reply, err error) error {
		if err != nil {
			r.Error = err.Error()
			for i, k := range known() {
				if r.Known == 0 && errors.Is(err, k) {
					r.Known = i + 1
				}
			}
		}
		return out.Encode(r)
	}
	s, err := badgerkv.Open(o)
	if err != nil {
		return say(reply{}, err)
	}
	if err := say(reply{}, nil); err != nil {
		return err
	}
	ctx := context.Background()
	for {
		var q request
		if err := in.Decode(&q); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		var r reply
		var err error
		switch q.Verb {
		case "get":
			r.KVs = make([]store.KV, 1)
			r.KVs[0], err = s.Get(ctx, q.Key)
		case "scan":
			r.KVs, r.Rev, err = s.Scan(ctx, q.Key, q.After, q.Limit)
		case "commit":
			r.Rev, err = s.Commit(ctx, q.Conds, q.Ops)
		case "close":
			err = s.Close()
		}
		if err := say(r, err); err != nil {
			return err
		}
	}
}

// errGone: the process that served the store is no more.
var errGone = errors.New("the store's process has ended")

// remote is a store in a process of its own.
type remote struct {
	cmd *exec.Cmd
	to  *gob.Encoder
	out *gob.Decoder
	in  io.Closer
	w   *Watched
	err strings.Builder // what the process complained of
}

// openRemote starts a process that serves the store in the disk's directory.
func openRemote(disk *Disk, sync bool, rule func(Op) Fate) (*remote, error) {
	how := "nosync"
	if sync {
		how = "sync"
	}
	r := &remote{cmd: exec.Command(os.Args[0])}
	r.cmd.Env = append(os.Environ(), childVar+"="+how+" "+disk.dir)
	r.cmd.Stderr = &r.err
	in, err := r.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.in, r.to, r.out = in, gob.NewEncoder(in), gob.NewDecoder(out)
	if r.w, err = Watch(r.cmd, disk, rule); err != nil {
		return nil, fmt.Errorf("%w: %s", err, r.err.String())
	}
	if _, err := r.hear(); err != nil {
		return r, err
	}
	return r, nil
}

func (r *remote) hear() (reply, error) {
	var a reply
	if err := r.out.Decode(&a); err != nil {
		return a, fmt.Errorf("%w: %w", errGone, err)
	}
	switch {
	case a.Known > 0:
		return a, fmt.Errorf("%w (%s)", known()[a.Known-1], a.Error)
	case a.Error != "":
		return a, errors.New(a.Error)
	}
	return a, nil
}

func (r *remote) ask(q request) (reply, error) {
	if err := r.to.Encode(q); err != nil {
		return reply{}, fmt.Errorf("%w: %w", errGone, err)
	}
	return r.hear()
}

// Get implements store.Store.
func (r *remote) Get(_ context.Context, key string) (store.KV, error) {
	a, err := r.ask(request{Verb: "get", Key: key})
	if err != nil {
		return store.KV{}, err
	}
	return a.KVs[0], nil
}

// Scan implements store.Store.
func (r *remote) Scan(_ context.Context, prefix, after string, limit int) ([]store.KV, store.Rev, error) {
	a, err := r.ask(request{Verb: "scan", Key: prefix, After: after, Limit: limit})
	return a.KVs, a.Rev, err
}

// Commit implements store.Store.
func (r *remote) Commit(_ context.Context, conds []store.Cond, ops []store.Op) (store.Rev, error) {
	a, err := r.ask(request{Verb: "commit", Conds: conds, Ops: ops})
	if errors.Is(err, errGone) {
		err = fmt.Errorf("%w: %w", store.ErrUnknown, err)
	}
	return a.Rev, err
}

// Limits implements store.Store.
func (r *remote) Limits() store.Limits { return store.LocalLimits() }

// Close implements store.Store.
func (r *remote) Close() error {
	_, err := r.ask(request{Verb: "close"})
	return err
}
