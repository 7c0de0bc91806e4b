package drive_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/live"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/drive"
)

const (
	manyLocks = 10_000
	eachLock  = 10                    // codes of one lock
	within    = time.Minute           // in which all of them are due
	near      = 10 * time.Millisecond // one way to the cloud, in the mean, and on to the lock: a call takes 50 ms
	far       = 15 * time.Millisecond
	perLogin  = 500             // locks of one account
	getReady  = 3 * time.Minute // until the first is due: locks are listed and booked, and looked at
)

// BenchmarkDue has 100 000 codes fall due, evenly over one minute, on 10 000 simulated locks; a call takes 50 ms, nothing is
// paced, every commit is synced to an encrypted store. What counts is how late the live host sends: from the instant at which
// a write is due to the one at which its driver is called.
func BenchmarkDue(b *testing.B) {
	for b.Loop() {
		due(b)
	}
	b.ReportMetric(0, "ns/op")
}

// lateness collects how late calls were sent.
type lateness struct {
	mu   sync.Mutex
	late []time.Duration
	errs int
	all  chan struct{} // closed when every code was written
}

func (l *lateness) ended(e live.Ended) {
	if e.Call.Verb != engine.CallSet {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Err != nil {
		l.errs++
		return
	}
	l.late = append(l.late, e.Sent.Sub(e.Call.Due))
	if len(l.late) == manyLocks*eachLock {
		close(l.all)
	}
}

func due(b *testing.B) {
	clock := clockwork.NewRealClock()
	var spec sim.Spec
	var logins []lock.AccountID
	for i := range manyLocks {
		id := lock.AccountID(fmt.Sprintf("house-%02d", i/perLogin))
		if i%perLogin == 0 {
			logins = append(logins, id)
			spec.Accounts = append(spec.Accounts, sim.AccountSpec{ID: id, Latency: near})
		}
		spec.Locks = append(spec.Locks, sim.LockSpec{ID: lock.DeviceID(fmt.Sprintf("door-%05d", i)), Model: "jit.keypad", Account: id, Radio: far})
	}
	fleet, err := drive.Start(b.Context(), drive.Options{Spec: spec, Seed: 1, Clock: clock})
	if err != nil {
		b.Fatal(err)
	}
	s, err := badgerkv.Open(badgerkv.Options{Dir: b.TempDir(), Key: bytes.Repeat([]byte{7}, badgerkv.KeySize), Sync: true})
	if err != nil {
		b.Fatal(err)
	}
	e, err := engine.Open(b.Context(), engine.Options{Store: s, Cache: manyLocks * (eachLock + 3)}) // all of them are at work within seconds
	if err != nil {
		b.Fatal(err)
	}
	late := &lateness{all: make(chan struct{})}
	drivers := map[lock.AccountID]driver.Driver{}
	for _, id := range logins {
		drivers[id] = fleet.Driver(id)
	}
	h := live.New(live.Options{Engine: e, Clock: clock, Watch: late.ended, Accounts: func(id lock.AccountID) live.Account {
		return live.Account{Driver: drivers[id], Lane: live.Lane{Width: perLogin}}
	}})
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for _, err := range []error{h.Close(ctx), fleet.Close(), s.Close()} {
			if err != nil {
				b.Error(err)
			}
		}
	}()
	ignore := engine.OverlapIgnore
	do := func(a engine.Action) {
		if _, err := h.Submit(b.Context(), engine.Command{Do: a}); err != nil {
			b.Error(err)
		}
	}
	do(engine.SetPolicy{Patch: engine.PolicyPatch{JITOverlap: &ignore}})
	first := clock.Now().Add(getReady)
	lead := engine.DefaultPolicy().JITLead
	var devices []lock.Device
	if err := fleet.Do(b.Context(), func(f *sim.Fleet) error { devices = f.Devices(); return nil }); err != nil {
		b.Fatal(err)
	}
	var jobs sync.WaitGroup
	const hands = 256
	for hand := range hands {
		jobs.Go(func() {
			for i := hand; i < manyLocks; i += hands {
				do(engine.AddDevice{Device: devices[i]})
			}
		})
	}
	jobs.Wait()
	for hand := range hands {
		jobs.Go(func() {
			for i := hand; i < manyLocks; i += hands {
				for n := range eachLock {
					at := first.Add(within * time.Duration(n*manyLocks+i) / (manyLocks * eachLock))
					do(engine.Create{Device: spec.Locks[i].ID, Name: "Guest", Starts: at.Add(lead), Ends: at.Add(lead + 24*time.Hour)})
				}
			}
		})
	}
	jobs.Wait()
	if clock.Now().After(first.Add(-10 * time.Second)) {
		b.Fatalf("the machine was not ready in time")
	}
	select {
	case <-late.all:
	case <-clock.After(first.Add(5 * within).Sub(clock.Now())):
		b.Errorf("%d codes were written, %d writes failed", len(late.late), late.errs)
	}
	late.mu.Lock()
	defer late.mu.Unlock()
	slices.Sort(late.late)
	at := func(q float64) float64 { return float64(late.late[int(q*float64(len(late.late)-1))]) / 1e6 }
	b.ReportMetric(at(.5), "p50-ms")
	b.ReportMetric(at(.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	b.ReportMetric(float64(late.errs), "failed")
	b.ReportMetric(resident(b), "MiB-anon")
}

// resident is the anonymous memory of this process, in MiB.
func resident(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "RssAnon:" {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				b.Fatal(err)
			}
			return float64(n) / 1024
		}
	}
	return 0
}
