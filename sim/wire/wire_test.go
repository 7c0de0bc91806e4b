package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/accesscodes/lockctl/driver/all"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/live"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/drive"
	"github.com/accesscodes/lockctl/sim/facade"
	"github.com/accesscodes/lockctl/sim/wire"
)

// house is a live host whose one account speaks a vendor's protocol to a simulated lock.
type house struct {
	t     *testing.T
	fleet *drive.Fleet
	host  *live.Host
	door  lock.DeviceID
	takes lock.Traits
}

// open must be called in a bubble, on whose clock everything runs.
func open(t *testing.T, v wire.Vendor) *house {
	t.Helper()
	h := &house{t: t}
	clock := clockwork.NewRealClock()
	var err error
	h.fleet, err = drive.Start(t.Context(), drive.Options{
		Spec: sim.Spec{Locks: []sim.LockSpec{{ID: "front", Model: v.Model, Account: "house", Hub: "bridge"}}}, Seed: 7, Clock: clock,
	})
	must(t, err)
	var cloud facade.Cloud
	must(t, h.fleet.Do(t.Context(), func(f *sim.Fleet) (err error) { cloud, err = v.Open(f, "house"); return err }))
	p, ok := all.Providers().Find(v.Name)
	if !ok {
		t.Fatalf("there is a façade for %s, and no driver", v.Name)
	}
	texts := v.Settings("house", wire.Base)
	texts["zone"] = "Europe/Berlin"
	d, err := p.Open(t.Context(), provider.Env{
		HTTP: &http.Client{Transport: wire.Transport{Handler: facade.Handler(h.fleet, cloud)}}, Now: clock.Now, Log: slog.New(slog.DiscardHandler),
		Secrets: &provider.MemorySecrets{}, Rand: bytes.NewReader(make([]byte, 1<<16)),
	}, provider.Account{ID: "house", Texts: texts, Secrets: v.Secrets("house")})
	must(t, err)
	e, err := engine.Open(t.Context(), engine.Options{Store: memkv.New(), Secret: make([]byte, 32)})
	must(t, err)
	h.host = live.New(live.Options{Engine: e, Clock: clock, Accounts: func(lock.AccountID) live.Account { return live.Account{Driver: d} }})
	devices, err := d.Devices(t.Context())
	must(t, err)
	if len(devices) != 1 {
		t.Fatalf("%d devices are listed", len(devices))
	}
	h.door, h.takes = devices[0].ID, devices[0].Traits
	h.do(engine.AddDevice{Device: devices[0]})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		must(t, errors.Join(h.host.Close(ctx), d.Close(), h.fleet.Close()))
	})
	return h
}

func (h *house) do(a engine.Action) {
	h.t.Helper()
	_, err := h.host.Submit(h.t.Context(), engine.Command{Do: a})
	must(h.t, err)
}

// pin is one that the lock takes; none where the provider chooses the digits.
func (h *house) pin() lock.PIN {
	h.t.Helper()
	if h.takes.AssignsPIN {
		return lock.PIN{}
	}
	pin, ok := h.takes.Draw(h.takes.Length(6), nil, func(attempt int) uint64 { return uint64(attempt+1) * 0x9e3779b97f4a7c15 })
	if !ok {
		h.t.Fatal("no PIN can be drawn")
	}
	return pin
}

// opens types digits; none: those that the lock holds.
func (h *house) opens(pin lock.PIN) (opens bool) {
	h.t.Helper()
	must(h.t, h.fleet.Do(h.t.Context(), func(f *sim.Fleet) error {
		if held := append(f.Memory("front"), f.Issued("front")...); pin.IsZero() && len(held) > 0 {
			pin = held[0].PIN
		}
		if pin.IsZero() {
			return nil // there is nothing to type
		}
		try, err := f.TryPIN("front", pin)
		opens = try.Opens
		return err
	}))
	return opens
}

// stay is a guest's code from about two hours from now, for as long; where the vendor computes the digits for predefined times alone, from
// and to such times.
func (h *house) stay(pin lock.PIN, length time.Duration) engine.Create {
	h.t.Helper()
	from := h.host.Now().Truncate(time.Minute).Add(2 * time.Hour)
	c := engine.Create{ID: "guest", Device: h.door, Name: "Guest", PIN: pin, Starts: from, Ends: from.Add(length)}
	if !h.takes.OfflineOnly {
		return c
	}
	zone, err := lock.LoadZone(h.takes.Zone)
	must(h.t, err)
	y, m, d := from.In(zone).Date()
	slot := h.takes.TimeSlots[0]
	c.Offline = true
	c.Starts, c.Ends = time.Date(y, m, d+1, 0, slot.Start, 0, 0, zone), time.Date(y, m, d+2, 0, slot.End, 0, 0, zone)
	return c
}

// code is what the engine tells of the code.
func (h *house) code() engine.CodeView {
	h.t.Helper()
	s, err := h.host.Snapshot(h.t.Context(), engine.Query{View: engine.ViewCode, Code: "guest"})
	must(h.t, err)
	return s.Codes[0]
}

// device is what the engine tells of the lock.
func (h *house) device() *engine.DeviceView {
	h.t.Helper()
	s, err := h.host.Snapshot(h.t.Context(), engine.Query{View: engine.ViewDevice, Device: h.door})
	must(h.t, err)
	return s.Device
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d); synctest.Wait() }

// Through every vendor's protocol a code opens the door for its window, and no longer.
func TestACodeWorksForItsWindow(t *testing.T) {
	for _, v := range wire.Vendors() {
		t.Run(v.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t, v)
				pin := h.pin()
				stay := h.stay(pin, 2*time.Hour)
				from, to := stay.Starts, stay.Ends
				h.do(stay)
				for _, at := range []struct {
					when  time.Time
					opens bool
				}{{from.Add(-time.Hour), false}, {from.Add(time.Second), true}, {to.Add(-time.Second), true}, {to.Add(2 * time.Minute), false}} {
					pass(at.when.Sub(h.host.Now()))
					if got := h.code().Status == engine.StatusSet; got != at.opens && at.when.After(from.Add(-time.Minute)) && at.when.Before(to) {
						t.Errorf("%v from the start its status is %s", at.when.Sub(from), h.code().Status)
					}
					if got := h.opens(pin); got != at.opens {
						t.Errorf("%v from the start the door opens: %v", at.when.Sub(from), got)
					}
				}
			})
		})
	}
}

// A lock that can't be reached when its guest comes is known to be away, and gets the code when it is back.
func TestALockThatIsAwayAtTheStart(t *testing.T) {
	for _, v := range wire.Vendors() {
		t.Run(v.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t, v)
				pin := h.pin()
				must(t, h.fleet.Do(t.Context(), func(f *sim.Fleet) error {
					_, err := f.Inject(sim.Fault{On: "front", Kind: "offline", For: 5 * time.Hour})
					return err
				}))
				stay := h.stay(pin, 24*time.Hour)
				h.do(stay)
				pass(3 * time.Hour)
				if h.opens(pin) {
					t.Error("a lock that is away has got a code")
				}
				pass(max(4*time.Hour, stay.Starts.Sub(h.host.Now())))
				if !h.opens(pin) {
					t.Error("two hours after the lock is back the code does not open")
				}
			})
		})
	}
}

// A hub that is away is found out by a code that somebody makes meanwhile, without anybody looking, and stays known to be away until it is
// back; then the code comes.
func TestAHubThatIsAway(t *testing.T) {
	for _, v := range wire.Vendors() {
		t.Run(v.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t, v)
				if h.takes.OfflineOnly {
					return // its codes need no hub
				}
				pass(7*time.Minute + 23*time.Second)
				away := 40 * time.Minute
				must(t, h.fleet.Do(t.Context(), func(f *sim.Fleet) error {
					_, err := f.Inject(sim.Fault{On: "bridge", Kind: "offline", For: away})
					return err
				}))
				pin := h.pin()
				stay := h.stay(pin, 24*time.Hour)
				stay.Starts = h.host.Now().Add(time.Minute)
				h.do(stay)
				pass(4 * time.Minute)
				for at := 4 * time.Minute; at < away; at += time.Minute {
					d := h.device()
					if d.Link <= lock.Reached {
						t.Fatalf("after %v its link is said to be %v: %v", at, d.Link, d.Next)
					}
					if v.Name == "igloohome" && (d.Link != lock.HubDown || slices.ContainsFunc(d.Issues, func(i engine.Issue) bool { return i.Code == "device_disconnected" })) {
						t.Errorf("after %v the link is %v, and the issues are %v", at, d.Link, d.Issues)
					}
					pass(time.Minute)
				}
				pass(35 * time.Minute) // no backoff is longer
				if d := h.device(); d.Link != lock.Reached || !h.opens(pin) {
					t.Errorf("back for half an hour its link is said to be %v, the code %s", d.Link, h.code().Status)
				}
			})
		})
	}
}

func TestATransportTellsOfABrokenConnection(t *testing.T) {
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	client := http.Client{Transport: wire.Transport{Handler: broken}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, wire.Base, nil)
	must(t, err)
	res, err := client.Do(req)
	if err == nil {
		must(t, res.Body.Close())
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the broken connection gives %v", err)
	}
}
