package live

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// estate is a host with so many locks behind one account, each of whose calls takes a second.
type estate struct {
	*Host
	mu     sync.Mutex
	looked map[lock.DeviceID]bool
	wrote  time.Time // the first write
}

func newEstate(t *testing.T, locks int) *estate {
	t.Helper()
	c := &estate{looked: map[lock.DeviceID]bool{}}
	f := &fake{
		observe: func(_ context.Context, id lock.DeviceID) (lock.Observation, error) {
			pass(time.Second)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.looked[id] = true
			return lock.Observation{At: time.Now(), Reach: lock.Reached, Source: lock.SourceLock, Complete: true}, nil
		},
		set: func(_ context.Context, _ lock.DeviceID, want lock.Credential) (lock.Held, error) {
			pass(time.Second)
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.wrote.IsZero() {
				c.wrote = time.Now()
			}
			return lock.Held{Ref: "1", PIN: want.PIN, Enabled: true}, nil
		},
	}
	e, err := engine.Open(t.Context(), engine.Options{Store: memkv.New(), Secret: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	c.Host = New(Options{Engine: e, Clock: clockwork.NewRealClock(), Accounts: f.all})
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	var all sync.WaitGroup
	const hands = 100
	for hand := range hands {
		all.Go(func() {
			for i := hand; i < locks; i += hands {
				c.do(t, engine.AddDevice{Device: lock.Device{ID: lock.DeviceID(fmt.Sprintf("room-%04d", i)), Account: "a", Traits: lock.Traits{Slots: 10}}})
			}
		})
	}
	all.Wait()
	return c
}

func (c *estate) do(t *testing.T, a engine.Action) {
	t.Helper()
	if _, err := c.Submit(t.Context(), engine.Command{Do: a}); err != nil {
		t.Error(err)
	}
}

// A lane of 16 calls of a second each needs 625 s for 10 000 looks. Those whose time is up while they wait come back as there is
// room, and not after a backoff as if somebody had failed.
func TestTheFirstLooksOfManyLocksGoAtThePaceOfTheirLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const locks = 10_000
		c := newEstate(t, locks)
		pass(700 * time.Second)
		synctest.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.looked) != locks {
			t.Errorf("after 700 s %d of %d locks were looked at", len(c.looked), locks)
		}
	})
}

// Whoever stands at a door does not wait until all other doors have been looked at.
func TestAGuestAtTheDoorGoesBeforeRoutineLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newEstate(t, 10_000)
		pass(90 * time.Second)
		asked := time.Now()
		pin, err := lock.ParsePIN("482915")
		if err != nil {
			t.Fatal(err)
		}
		c.do(t, engine.Create{ID: "guest", Device: "room-9999", PIN: pin, Starts: asked, Ends: asked.Add(time.Hour)})
		pass(2 * time.Minute)
		synctest.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		if took := c.wrote.Sub(asked); c.wrote.IsZero() || took > 45*time.Second {
			t.Errorf("the code was written after %v", took)
		}
	})
}
