package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/drive"
)

// simulated opens accounts of simulated locks, which live beside the daemon: on its clock and in its store.
type simulated struct {
	clock  clockwork.Clock
	store  store.Store
	notice func(driver.Notice)
	open   map[lock.AccountID]*house
}

// house is the locks of one simulated account.
type house struct {
	of    provider.Account
	fleet *drive.Fleet
}

// registry lists every provider that an account can name.
func (a *app) registry() provider.Registry { return (&simulated{}).registry(a.vendors) }

// registry lists the simulated locks, and the vendors after them.
func (s *simulated) registry(vendors provider.Registry) provider.Registry {
	models := []string{mixed}
	for _, p := range sim.Profiles() {
		models = append(models, p.Name)
	}
	return append(provider.Registry{{
		Name: "sim", About: "simulated locks, on this machine's clock", Open: s.start,
		Settings: []provider.Setting{
			{Name: "locks", Kind: provider.Whole, Min: 1, Max: 20000, About: "how many locks; left out: 6", Example: "6"},
			{Name: "model", Kind: provider.Text, Choices: models, About: "what they are; left out: mixed, one of each system in turn", Example: `"mixed"`},
			{Name: "latency_ms", Kind: provider.Whole, Min: 1, Max: 120000, About: "one way to the cloud, in milliseconds; left out: 150", Example: "150"},
		},
	}}, vendors...)
}

const (
	mixed     = "mixed"
	someLocks = 6
)

// start sets the locks of an account in motion, or finds them moving.
func (s *simulated) start(ctx context.Context, _ provider.Env, a provider.Account) (driver.Driver, error) {
	if h := s.open[a.ID]; h != nil {
		if !maps.Equal(h.of.Texts, a.Texts) || !maps.Equal(h.of.Wholes, a.Wholes) {
			return nil, fmt.Errorf("account %s: simulated locks can't change while they run; start lockctl serve anew", a.ID)
		}
		return h.fleet.Driver(a.ID), nil
	}
	seed := fnv.New64a()
	seed.Write([]byte(a.ID))
	fleet, err := drive.Start(ctx, drive.Options{
		Spec: spec(a), Seed: seed.Sum64(), Clock: s.clock, Store: s.store, Dir: "sim/" + string(a.ID) + "/", Notice: s.notice,
	})
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", a.ID, err)
	}
	s.open[a.ID] = &house{a, fleet}
	return fleet.Driver(a.ID), nil
}

// close puts all locks away.
func (s *simulated) close() (err error) {
	for _, id := range slices.Sorted(maps.Keys(s.open)) {
		if e := s.open[id].fleet.Close(); e != nil {
			err = e
		}
	}
	return err
}

// spec is the fleet that an account's settings ask for.
func spec(a provider.Account) sim.Spec {
	n, model := int(a.Wholes["locks"]), a.Texts["model"]
	if n == 0 {
		n = someLocks
	}
	var models []string
	for _, p := range sim.Profiles() {
		if p.Name == model || (model == "" || model == mixed) && p.System != "" {
			models = append(models, p.Name)
		}
	}
	out := sim.Spec{Accounts: []sim.AccountSpec{{ID: a.ID, Latency: time.Duration(a.Wholes["latency_ms"]) * time.Millisecond}}}
	digits := max(2, len(strconv.Itoa(n)))
	for i := range n {
		out.Locks = append(out.Locks, sim.LockSpec{
			ID: lock.DeviceID(fmt.Sprintf("%s-%0*d", a.ID, digits, i+1)), Model: models[i%len(models)], Account: a.ID,
			Name: fmt.Sprintf("Door %d", i+1),
		})
	}
	return out
}
