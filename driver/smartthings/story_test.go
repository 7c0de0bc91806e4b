package smartthings_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

func (h *house) set(digits, tag string, at lock.Ref) lock.Held {
	h.t.Helper()
	held, err := h.driver.Set(h.t.Context(), h.door, lock.Credential{Code: "c", Tag: tag, Name: "Ada", PIN: drivertest.PIN(h.t, digits), Enabled: true}, at)
	drivertest.Must(h.t, err)
	return held
}

func (h *house) look(refs ...lock.Ref) lock.Observation {
	h.t.Helper()
	o, err := h.driver.Observe(h.t.Context(), h.door, driver.Known{Refs: refs})
	drivertest.Must(h.t, err)
	return o
}

func (h *house) opens(digits string) (opens bool) {
	h.t.Helper()
	drivertest.Must(h.t, h.leap.Do(func(f *sim.Fleet) error {
		try, err := f.TryPIN("front", drivertest.PIN(h.t, digits))
		opens = try.Opens
		return err
	}))
	return opens
}

// A lock that is migrated while it is used keeps its codes, and takes new ones in the other way.
func TestALockIsMigratedWhileItIsUsed(t *testing.T) {
	h := open(t, legacy)
	first := h.set("482915", "LCABCDE23", "")
	h.leap.Pass(time.Minute)
	drivertest.Must(t, h.leap.Do(func(*sim.Fleet) error { h.cloud.Migrate("front"); return nil }))
	o := h.look(first.Ref)
	if len(o.Held) != 1 || o.Held[0].Tag != "LCABCDE23" || o.Held[0].Ref != first.Ref {
		t.Fatalf("after the migration it lists %+v", o.Held)
	}
	second := h.set("739164", "LCFGHIJ45", "")
	h.leap.Pass(time.Minute)
	drivertest.Must(t, h.driver.Clear(t.Context(), h.door, first.Ref))
	h.leap.Pass(time.Minute)
	o = h.look(second.Ref)
	if len(o.Held) != 1 || o.Held[0].Tag != "LCFGHIJ45" || h.opens("482915") || !h.opens("739164") {
		t.Errorf("it lists %+v", o.Held)
	}
	devices, err := h.driver.Devices(t.Context())
	drivertest.Must(t, err)
	if devices[0].Traits.ClientSlots {
		t.Error("a migrated lock still lets its slots be chosen")
	}
}

// Other digits for a code look in the list as those before: they count when the lock has told of them, and not if it has refused them.
func TestACodeThatGetsOtherDigits(t *testing.T) {
	for name, generation := range map[string]int{"lockCodes": legacy, "lockCredentials": migrated} {
		t.Run(name, func(t *testing.T) {
			h := open(t, generation)
			h.set("482915", "LCABCDE23", "")
			h.leap.Pass(time.Minute)
			before := h.look().Held[0]
			changed := h.set("739164", "LCABCDE23", before.Ref)
			if o := h.look(changed.Ref); len(o.Held) != 1 || !o.Held[0].Pending || o.Held[0].Ref != changed.Ref {
				t.Errorf("before the lock has told of them it lists %+v", o.Held)
			}
			h.leap.Pass(time.Minute)
			if o := h.look(changed.Ref); len(o.Held) != 1 || o.Held[0].Pending || o.Held[0].Ref != before.Ref || !h.opens("739164") {
				t.Errorf("after that it lists %+v", o.Held)
			}
			drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
				return f.Edit(sim.Edit{Lock: "front", Kind: sim.EditAdd, PIN: drivertest.PIN(t, "555123"), Name: "By hand"})
			}))
			refused := h.set("555123", "LCABCDE23", before.Ref)
			h.leap.Pass(time.Minute)
			if o := h.look(refused.Ref); len(o.Held) != 1 || o.Held[0].Tag != "" {
				t.Errorf("refused digits are listed: %+v", o.Held)
			}
		})
	}
}

// A command that the cloud has accepted and lost is not taken for done.
func TestACommandThatIsLost(t *testing.T) {
	h := open(t, legacy)
	h.set("482915", "LCABCDE23", "")
	h.leap.Pass(time.Minute)
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(sim.Fault{On: "house", Kind: "ok-but-lost"}); return err }))
	lost := h.set("739164", "LCABCDE23", "1")
	fresh := h.set("739164", "LCFGHIJ45", "")
	if o := h.look(lost.Ref, fresh.Ref); len(o.Held) != 1 || !o.Held[0].Pending {
		t.Errorf("at once it lists %+v", o.Held)
	}
	h.leap.Pass(3 * time.Minute)
	if o := h.look(lost.Ref, fresh.Ref); len(o.Held) != 0 {
		t.Errorf("after minutes without a word of them it lists %+v", o.Held)
	}
}

// A lock of the new generation takes one command at a time: what it would not take is not sent.
func TestOneCommandAtATime(t *testing.T) {
	h := open(t, migrated)
	h.set("482915", "LCABCDE23", "")
	_, err := h.driver.Set(t.Context(), h.door, lock.Credential{Code: "d", Tag: "LCFGHIJ45", PIN: drivertest.PIN(t, "739164"), Enabled: true}, "")
	if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Throttled || e.RetryAfter <= 0 || e.RetryAfter > 10*time.Second {
		t.Errorf("the second command gives %v", err)
	}
	h.leap.Pass(11 * time.Second)
	h.set("739164", "LCFGHIJ45", "")
	h.leap.Pass(time.Minute)
	if o := h.look(); len(o.Held) != 2 {
		t.Errorf("it lists %+v", o.Held)
	}
}

// The bolt moves, and the log tells that it did.
func TestTheBoltMoves(t *testing.T) {
	h := open(t, legacy)
	bolt := h.driver.(driver.Bolt)
	for _, move := range []func(context.Context, lock.DeviceID) error{bolt.Unlock, bolt.Lock} {
		drivertest.Must(t, move(t.Context(), h.door))
		h.leap.Pass(time.Minute)
	}
	o := h.look()
	if len(o.Entries) != 2 || o.Entries[0].Kind != lock.Opened || o.Entries[1].Kind != lock.Locked {
		t.Errorf("the log tells %+v", o.Entries)
	}
}

// An account with more locks than a page has is listed whole.
func TestManyLocks(t *testing.T) {
	h := open(t, matter)
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		h.cloud.PageAtMost = 2
		return nil
	}))
	all, err := h.driver.Devices(t.Context())
	drivertest.Must(t, err)
	if len(all) != 3 || all[0].ID == all[2].ID {
		t.Errorf("%d locks are listed", len(all))
	}
}

// A post by a key that is not known yet is refused, and taken when the next call has fetched the key. Where the app is to confirm that it
// wants posts is called at the vendor's alone.
func TestPosts(t *testing.T) {
	h := open(t, legacy)
	h.listen()
	drivertest.Must(t, h.driver.(driver.Subscriber).Subscribe(t.Context(), ""))
	stranger := h.login(&provider.MemorySecrets{}).(driver.Receiver)
	drivertest.Must(t, h.leap.Do(func(f *sim.Fleet) error {
		return f.Edit(sim.Edit{Lock: "front", Kind: sim.EditAdd, PIN: drivertest.PIN(t, "482915"), Name: "By hand"})
	}))
	h.leap.Pass(time.Minute)
	if len(h.posts) != 1 {
		t.Fatalf("%d posts", len(h.posts))
	}
	if reply, _, err := stranger.Receive(t.Context(), h.posts[0]); err == nil || reply.Status != http.StatusServiceUnavailable {
		t.Errorf("without the key: %d, %v", reply.Status, err)
	}
	_, _ = stranger.(driver.Driver).Devices(t.Context()) // its login is spent, the key needs none
	reply, notices, err := stranger.Receive(t.Context(), h.posts[0])
	if err != nil || reply.Status != http.StatusOK || len(notices) != 1 || notices[0].Device != h.door {
		t.Errorf("with the key: %d, %v, %v", reply.Status, notices, err)
	}
	elsewhere := h.posts[0]
	elsewhere.Path = "/hooks/b"
	if _, _, err := stranger.Receive(t.Context(), elsewhere); err == nil {
		t.Error("a post that was meant for another address is believed")
	}
	ask := driver.Inbound{Method: http.MethodPost, Path: "/hooks/a", Body: []byte(`{"messageType":"CONFIRMATION","confirmationData":{"confirmationUrl":"http://169.254.169.254/latest"}}`)}
	if reply, _, err := stranger.Receive(t.Context(), ask); err == nil || reply.Status != http.StatusBadRequest {
		t.Errorf("a confirmation elsewhere: %d, %v", reply.Status, err)
	}
}
