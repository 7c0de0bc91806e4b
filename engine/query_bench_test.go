package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// city is an engine with 100 000 locks, on each of which a guest arrives within two days.
func city(b *testing.B) (*engine.Engine, time.Time) {
	b.Helper()
	const locks, group = 100_000, 500
	e, err := engine.Open(b.Context(), engine.Options{Store: memkv.New(), Secret: make([]byte, 32)})
	if err != nil {
		b.Fatal(err)
	}
	now := hours(0)
	for first := 0; first < locks; first += group {
		var in []engine.Input
		submit := func(do engine.Action) {
			in = append(in, engine.Submission{Command: engine.Command{Do: do}, Done: func(_ engine.Receipt, err error) {
				if err != nil {
					b.Fatal(err)
				}
			}})
		}
		for i := first; i < first+group; i++ {
			id := lock.DeviceID(fmt.Sprintf("lock-%06d", i))
			submit(engine.AddDevice{Device: lock.Device{ID: id, Account: lock.AccountID(fmt.Sprintf("account-%03d", i/1000)), Name: fmt.Sprintf("House %d, room %d", i/40, i%40), System: "ttlock", Traits: nativeTraits()}})
			from := now.Add(time.Duration(i%2880+1) * time.Minute)
			submit(engine.Create{ID: lock.CodeID(fmt.Sprintf("stay-%06d", i)), Device: id, Name: "Guest", Starts: from, Ends: from.Add(48 * time.Hour)})
		}
		for len(in) > 0 {
			w, err := e.Step(now, in...)
			if err != nil {
				b.Fatal(err)
			}
			in = in[w.Taken:]
		}
	}
	return e, now
}

// BenchmarkQuery asks what the screens of a terminal ask, of 100 000 locks.
func BenchmarkQuery(b *testing.B) {
	e, now := city(b)
	for _, q := range []struct {
		name string
		engine.Query
	}{
		{"page", engine.Query{View: engine.ViewFleet, Sort: "name", Limit: 200}},
		{"sorted", engine.Query{View: engine.ViewFleet, Sort: "-issues", Limit: 200}},
		{"filtered", engine.Query{View: engine.ViewFleet, Sort: "name", Filter: "room 39 account:account-07", Limit: 200}},
		{"nothing-found", engine.Query{View: engine.ViewFleet, Sort: "name", Filter: "zanzibar", Limit: 200}},
		{"today", engine.Query{View: engine.ViewToday, Limit: 500}},
		{"device", engine.Query{View: engine.ViewDevice, Device: "lock-050000"}},
		{"who", engine.Query{View: engine.ViewCodes, Filter: "house 1234,", Limit: 500}},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := e.Snapshot(b.Context(), now, q.Query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
