package drive_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/live"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/drive"
)

// house is a live host before simulated locks, both on the same clock and store.
type house struct {
	t      *testing.T
	fleet  *drive.Fleet
	host   *live.Host
	booked int
}

func open(t *testing.T, s store.Store, spec sim.Spec) *house {
	t.Helper()
	h := &house{t: t}
	clock := clockwork.NewRealClock()
	var err error
	h.fleet, err = drive.Start(t.Context(), drive.Options{Spec: spec, Seed: 7, Clock: clock, Store: s, Dir: "sim/house/"})
	must(t, err)
	e, err := engine.Open(t.Context(), engine.Options{Store: s, Secret: make([]byte, 32)})
	must(t, err)
	h.host = live.New(live.Options{Engine: e, Clock: clock, Accounts: func(id lock.AccountID) live.Account {
		return live.Account{Driver: h.fleet.Driver(id)}
	}})
	t.Cleanup(h.close)
	return h
}

// furnish puts every lock of the accounts under management.
func (h *house) furnish(accounts ...lock.AccountID) []lock.Device {
	h.t.Helper()
	var all []lock.Device
	for _, id := range accounts {
		devices, err := h.fleet.Driver(id).Devices(h.t.Context())
		must(h.t, err)
		for _, d := range devices {
			h.do(engine.AddDevice{Device: d})
		}
		all = append(all, devices...)
	}
	return all
}

func (h *house) do(a engine.Action) engine.Receipt {
	h.t.Helper()
	r, err := h.host.Submit(h.t.Context(), engine.Command{Do: a})
	must(h.t, err)
	return r
}

// book makes a stay whose digits are known.
func (h *house) book(id lock.CodeID, door lock.DeviceID, from, to time.Time) lock.PIN {
	h.t.Helper()
	h.booked++
	pin, err := lock.ParsePIN(strconv.Itoa(100003 + 7*h.booked))
	must(h.t, err)
	h.do(engine.Create{ID: id, Device: door, Name: "Guest", PIN: pin, Starts: from, Ends: to})
	return pin
}

// opens types at a keypad.
func (h *house) opens(door lock.DeviceID, pin lock.PIN) (opens bool) {
	h.t.Helper()
	must(h.t, h.fleet.Do(h.t.Context(), func(f *sim.Fleet) error {
		try, err := f.TryPIN(door, pin)
		opens = try.Opens
		return err
	}))
	return opens
}

func (h *house) inject(x sim.Fault) {
	h.t.Helper()
	must(h.t, h.fleet.Do(h.t.Context(), func(f *sim.Fleet) error {
		_, err := f.Inject(x)
		return err
	}))
}

func (h *house) fleetIs() engine.Totals {
	h.t.Helper()
	s, err := h.host.Snapshot(h.t.Context(), engine.Query{View: engine.ViewFleet, Limit: 1})
	must(h.t, err)
	return s.Fleet
}

// close ends the host and puts the locks away; a second time it does nothing.
func (h *house) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := errors.Join(h.host.Close(ctx), h.fleet.Close()); err != nil {
		h.t.Error(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

func oneLock(model string) sim.Spec {
	return sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: model, Account: "house"}}}
}

func TestACodeWorksForItsWindow(t *testing.T) {
	for _, model := range []string{"jit.keypad", "native.keypad", "cloud.keypad"} {
		synctest.Test(t, func(t *testing.T) {
			h := open(t, memkv.New(), oneLock(model))
			h.furnish("house")
			from := h.host.Now().Truncate(time.Minute).Add(2 * time.Hour)
			to := from.Add(2 * time.Hour)
			pin := h.book("guest", "front", from, to)
			for _, at := range []struct {
				when  time.Time
				opens bool
			}{{from.Add(-time.Hour), false}, {from.Add(time.Second), true}, {to.Add(-time.Second), true}, {to.Add(time.Minute), false}} {
				pass(at.when.Sub(h.host.Now()))
				synctest.Wait()
				if got := h.opens("front", pin); got != at.opens {
					t.Errorf("%s: %v from the start the door opens: %v", model, at.when.Sub(from), got)
				}
			}
		})
	}
}

func TestLocksRememberAcrossARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memkv.New()
		h := open(t, s, oneLock("jit.keypad"))
		h.furnish("house")
		from := h.host.Now().Add(time.Hour)
		pin := h.book("guest", "front", from, from.Add(3*time.Hour))
		pass(time.Hour + time.Second)
		if !h.opens("front", pin) {
			t.Fatal("the door does not open in time")
		}
		h.close()
		pass(time.Hour)
		h = open(t, s, oneLock("jit.keypad"))
		if !h.opens("front", pin) {
			t.Error("the lock has forgotten while nobody looked")
		}
		var counts sim.Counts
		must(t, h.fleet.Do(t.Context(), func(f *sim.Fleet) error { counts = f.Counts("front"); return nil }))
		if counts.Sets != 1 {
			t.Errorf("the lock was written %d times", counts.Sets)
		}
	})
}

// A vendor that takes nearly a minute to answer is waited for, where the policy allows, and holds up nobody else.
func TestAProviderThatAnswersAfter59Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, memkv.New(), sim.Spec{
			Accounts: []sim.AccountSpec{{ID: "slow", Latency: 19 * time.Second}, {ID: "fast"}},
			Locks:    []sim.LockSpec{{ID: "cellar", Model: "jit.keypad", Account: "slow"}, {ID: "front", Model: "jit.keypad", Account: "fast"}},
		})
		timeout := 2 * time.Minute
		h.do(engine.SetPolicy{Account: "slow", Patch: engine.PolicyPatch{CallTimeout: &timeout}})
		h.furnish("slow", "fast")
		from := h.host.Now().Add(time.Hour)
		slow, fast := h.book("late", "cellar", from, from.Add(time.Hour)), h.book("soon", "front", from, from.Add(time.Hour))
		pass(from.Add(-29 * time.Minute).Sub(h.host.Now()))
		if !h.opens("front", fast) {
			t.Error("a minute after it was due, the code of the fast account is not there")
		}
		pass(from.Sub(h.host.Now()))
		if !h.opens("cellar", slow) {
			t.Error("the code of the slow account is not there at its start")
		}
		pass(time.Hour + 5*time.Minute)
		if h.opens("cellar", slow) || h.opens("front", fast) {
			t.Error("a code outlives its stay by five minutes")
		}
	})
}

// size is how large the crowd of a test is: LOAD_LOCKS, or so many.
func size(t *testing.T, otherwise int) int {
	t.Helper()
	text := os.Getenv("LOAD_LOCKS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

// A whole fleet goes away and comes back at once, lock by lock or with the vendors' clouds, in the midst of arrivals and
// departures: what is due is done soon after, by every lock, and nothing stays open.
func TestAFleetThatGoesAwayAndComesBackAtOnce(t *testing.T) {
	n := size(t, 300)
	for _, trouble := range []struct{ kind, on string }{{"offline", "door-%05d"}, {"down", "house-%02d"}} {
		t.Run(trouble.kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { returns(t, n, trouble.kind, trouble.on) })
		})
	}
}

const together = 250 // locks of one account

func returns(t *testing.T, n int, kind, on string) {
	var spec sim.Spec
	var accounts []lock.AccountID
	for i := range n {
		account := lock.AccountID(fmt.Sprintf("house-%02d", i/together))
		if i%together == 0 {
			accounts = append(accounts, account)
		}
		spec.Locks = append(spec.Locks, sim.LockSpec{
			ID: lock.DeviceID(fmt.Sprintf("door-%05d", i)), Model: "jit.keypad", Account: account, Hub: lock.HubID(fmt.Sprintf("hub-%03d", i/25)),
		})
	}
	h := open(t, memkv.New(), spec)
	doors := h.furnish(accounts...)
	noon := h.host.Now().Add(4 * time.Hour)
	leaving, coming := map[lock.DeviceID]lock.PIN{}, map[lock.DeviceID]lock.PIN{}
	for i, d := range doors { // guests change at noon; the locks are away from an hour before until an hour after
		leaving[d.ID] = h.book(lock.CodeID(fmt.Sprintf("old-%d", i)), d.ID, noon.Add(-3*time.Hour), noon)
		coming[d.ID] = h.book(lock.CodeID(fmt.Sprintf("new-%d", i)), d.ID, noon, noon.Add(24*time.Hour))
	}
	for i := range n {
		if what := fmt.Sprintf(on, i); kind == "offline" || i < len(accounts) {
			h.inject(sim.Fault{On: what, Kind: kind, From: noon.Add(-time.Hour), For: 2 * time.Hour})
		}
	}
	pass(noon.Add(59 * time.Minute).Sub(h.host.Now()))
	if got := h.fleetIs().Offline; got != n {
		t.Errorf("%d of %d locks are known to be away", got, n)
	}
	pass(61 * time.Minute) // the longest pause between two tries is half an hour
	open, shut := 0, 0
	for _, d := range doors {
		if h.opens(d.ID, leaving[d.ID]) {
			open++
		}
		if !h.opens(d.ID, coming[d.ID]) {
			shut++
		}
	}
	now := h.fleetIs()
	if len(doors) != n || open > 0 || shut > 0 || now.Offline > 0 || now.Exposed > 0 || now.Set != n {
		t.Errorf("an hour after the return %d doors open to who left and %d do not to who came; the fleet: %+v", open, shut, now)
	}
}
