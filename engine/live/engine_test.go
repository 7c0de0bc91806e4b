package live

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// keypad is a lock that needs just-in-time writes, behind the fake driver.
type keypad struct {
	mu    sync.Mutex
	held  map[lock.Ref]lock.Held
	calls []engine.CallVerb
	stuck bool // sets are obeyed, but the answer never comes
}

func (k *keypad) driver() *fake {
	return &fake{
		observe: func(context.Context, lock.DeviceID) (lock.Observation, error) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.calls = append(k.calls, engine.CallObserve)
			o := lock.Observation{At: time.Now(), Reach: lock.Reached, Source: lock.SourceLock, Complete: true}
			for _, h := range k.held {
				o.Held = append(o.Held, h)
			}
			return o, nil
		},
		set: func(ctx context.Context, _ lock.DeviceID, want lock.Credential) (lock.Held, error) {
			k.mu.Lock()
			k.calls = append(k.calls, engine.CallSet)
			h := lock.Held{Ref: lock.Ref(want.Code), Tag: want.Tag, Name: want.Name, PIN: want.PIN, Enabled: true}
			k.held[h.Ref] = h
			stuck := k.stuck
			k.mu.Unlock()
			if stuck {
				<-ctx.Done()
				return lock.Held{}, ctx.Err()
			}
			return h, nil
		},
		clear: func(context.Context) error {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.calls = append(k.calls, engine.CallClear)
			clear(k.held) // it has one code at most here
			return nil
		},
	}
}

func (k *keypad) opens(p lock.PIN) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, h := range k.held {
		if h.PIN == p {
			return true
		}
	}
	return false
}

func (k *keypad) count(v engine.CallVerb) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	for _, c := range k.calls {
		if c == v {
			n++
		}
	}
	return n
}

// host opens an engine on the store and starts a host for it.
func host(t *testing.T, s store.Store, k *keypad) *Host {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Options{Store: s, Secret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{Engine: e, Clock: clockwork.NewRealClock(), Accounts: k.driver().all})
}

func submit(t *testing.T, h *Host, do engine.Action) engine.Receipt {
	t.Helper()
	r, err := h.Submit(t.Context(), engine.Command{Do: do})
	if err != nil {
		t.Fatalf("%s: %v", do.Verb(), err)
	}
	return r
}

func status(t *testing.T, h *Host) engine.Status {
	t.Helper()
	s, err := h.Snapshot(t.Context(), engine.Query{View: engine.ViewCode, Code: "guest"})
	if err != nil || len(s.Codes) != 1 {
		t.Fatalf("%d codes, %v", len(s.Codes), err)
	}
	return s.Codes[0].Status
}

// book puts a lock under management and a stay on it, from two hours to four hours from now.
func book(t *testing.T, h *Host) (lock.PIN, time.Time, time.Time) {
	t.Helper()
	p, err := lock.ParsePIN("4829")
	if err != nil {
		t.Fatal(err)
	}
	from, to := h.Now().Add(2*time.Hour), h.Now().Add(4*time.Hour)
	submit(t, h, engine.AddDevice{Device: lock.Device{ID: "front", Account: "a", Name: "Front", Traits: lock.Traits{Slots: 10, Zone: "UTC"}}})
	submit(t, h, engine.Create{ID: "guest", Device: "front", Name: "Guest", PIN: p, Starts: from, Ends: to})
	return p, from, to
}

func TestALockOpensForItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keypad{held: map[lock.Ref]lock.Held{}}
		h := host(t, memkv.New(), k)
		pin, from, to := book(t, h)
		at := func(when time.Time, opens bool, want engine.Status) {
			t.Helper()
			pass(when.Sub(h.Now()))
			synctest.Wait()
			if k.opens(pin) != opens || status(t, h) != want {
				t.Errorf("%v from the start: opens %v, status %s; want %v, %s", when.Sub(from), k.opens(pin), status(t, h), opens, want)
			}
		}
		at(from.Add(-31*time.Minute), false, engine.StatusUnset)
		at(from, true, engine.StatusSet)
		at(to.Add(-time.Second), true, engine.StatusSet)
		at(to.Add(time.Minute), false, engine.StatusGone)
		if n := k.count(engine.CallSet); n != 1 {
			t.Errorf("%d sets", n)
		}
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAfterAKillTheLockIsLookedAtBeforeItIsWrittenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keypad{held: map[lock.Ref]lock.Held{}, stuck: true}
		disk := memkv.New()
		h := host(t, disk, k)
		pin, from, _ := book(t, h)
		for k.count(engine.CallSet) == 0 {
			pass(time.Second)
			synctest.Wait()
		}
		// The write has reached the lock, its answer has not come back: what is durable now is what a kill leaves.
		left := disk.Clone()
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := h.Close(gone); err != nil {
			t.Error(err)
		}
		k.mu.Lock()
		k.stuck, k.calls = false, nil
		k.mu.Unlock()

		h = host(t, left, k)
		pass(time.Minute)
		synctest.Wait()
		k.mu.Lock()
		calls := slices.Clone(k.calls)
		k.mu.Unlock()
		if len(calls) == 0 || calls[0] != engine.CallObserve || slices.Contains(calls, engine.CallSet) {
			t.Errorf("after the kill the lock saw %v, want a look and no second write", calls)
		}
		pass(from.Sub(h.Now()))
		if !k.opens(pin) || status(t, h) != engine.StatusSet {
			t.Errorf("at the start: opens %v, status %s", k.opens(pin), status(t, h))
		}
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestACloseAndAnOpeningLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keypad{held: map[lock.Ref]lock.Held{}}
		disk := memkv.New()
		h := host(t, disk, k)
		pin, from, to := book(t, h)
		for range 40 { // restarted every few minutes, over the whole stay
			pass(7 * time.Minute)
			synctest.Wait()
			if now := h.Now(); !now.Before(from) && now.Before(to) && !k.opens(pin) {
				t.Errorf("%v into the stay the lock does not open", now.Sub(from))
			}
			if err := h.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			h = host(t, disk, k)
		}
		pass(time.Minute)
		if k.opens(pin) || status(t, h) != engine.StatusGone {
			t.Errorf("after the stay: opens %v, status %s", k.opens(pin), status(t, h))
		}
		if n := k.count(engine.CallSet); n != 1 {
			t.Errorf("%d sets over 40 restarts", n)
		}
		events, err := h.Journal(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range events {
			if e.Seq != engine.Seq(i+1) {
				t.Fatalf("event %d has number %d", i+1, e.Seq)
			}
		}
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAVendorsPushIsLookedInto(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &keypad{held: map[lock.Ref]lock.Held{}}
		h := host(t, memkv.New(), k)
		book(t, h)
		pass(10 * time.Minute)
		before := k.count(engine.CallObserve)
		if err := h.Notify(driver.Notice{Account: "a", Device: "front"}); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Minute)
		synctest.Wait()
		if k.count(engine.CallObserve) == before {
			t.Error("nobody looked")
		}
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
