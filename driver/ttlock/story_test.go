package ttlock_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/driver/ttlock"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	cloud "github.com/accesscodes/lockctl/sim/facade/ttlock"
)

func (h *house) look(known driver.Known) lock.Observation {
	h.t.Helper()
	o, err := h.rig.Driver.Observe(h.t.Context(), h.rig.Device, known)
	drivertest.Must(h.t, err)
	return o
}

func (h *house) opens(p lock.PIN) bool {
	h.t.Helper()
	opens, err := h.rig.Far.Type(h.rig.Device, p)
	drivertest.Must(h.t, err)
	return opens
}

func (h *house) fault(x sim.Fault) {
	h.t.Helper()
	drivertest.Must(h.t, h.leap.Do(func(f *sim.Fleet) error { _, err := f.Inject(x); return err }))
}

// wants checks that an error is of that kind, with that blame.
// A token that has ended, or was ended, is renewed within the call, and what is renewed outlives the driver.
func TestATokenIsRenewed(t *testing.T) {
	h := open(t, "porch", "")
	first, _, err := h.secrets.Load(t.Context())
	drivertest.Must(t, err)
	h.hand("/console/expire", url.Values{})
	h.look(driver.Known{})
	second, _, err := h.secrets.Load(t.Context())
	drivertest.Must(t, err)
	h.leap.Pass(91 * 24 * time.Hour)
	h.look(driver.Known{})
	third, _, err := h.secrets.Load(t.Context())
	drivertest.Must(t, err)
	if first == second || second == third || third.IsZero() {
		t.Error("a token that ended is used on")
	}
	h.rig.Driver = h.login("wrong", "")
	h.look(driver.Known{}) // with the token that was kept
	h.secrets = &provider.MemorySecrets{}
	_, err = h.login("wrong", "").Devices(t.Context())
	drivertest.Fails(t, "a wrong password", err, driver.Unauthorized, driver.BlameAccount)
	if err != nil && strings.Contains(err.Error()+h.log.String(), "wrong") {
		t.Error("the password is told")
	}
}

// While a lock saves power, new codes wait in the vendor's queue; what the vendor documents no queue for waits for the lock.
func TestALockThatSavesPower(t *testing.T) {
	h := open(t, "", "")
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}
	h.hand("/app/lock", url.Values{"lockId": {h.number()}, "powerSaving": {"1"}})
	held, err := h.rig.Driver.Set(t.Context(), h.rig.Device, want, "")
	drivertest.Must(t, err)
	if !held.Pending || h.opens(want.PIN) {
		t.Errorf("a code in the queue: %+v", held)
	}
	if o := h.look(driver.Known{}); len(o.Held) != 1 || !o.Held[0].Pending || o.Held[0].Ref != held.Ref {
		t.Errorf("while it waits the list has %+v", o.Held)
	}
	h.rig.Far.Settle()
	if o := h.look(driver.Known{}); len(o.Held) != 1 || o.Held[0].Pending || o.Held[0].Ref != held.Ref || !h.opens(want.PIN) {
		t.Errorf("when it has arrived the list has %+v", o.Held)
	}
	want.PIN = drivertest.PIN(t, "482916")
	_, err = h.rig.Driver.Set(t.Context(), h.rig.Device, want, held.Ref)
	drivertest.Fails(t, "a change", err, driver.Offline, driver.BlameLock)
	drivertest.Fails(t, "a removal", h.rig.Driver.Clear(t.Context(), h.rig.Device, held.Ref), driver.Offline, driver.BlameLock)
	h.hand("/app/lock", url.Values{"lockId": {h.number()}, "powerSaving": {"0"}})
	drivertest.Must(t, h.rig.Driver.Clear(t.Context(), h.rig.Device, held.Ref))
}

// A code that the lock refused while nobody waited is told by a post, is not held, and can be set again.
func TestAQueuedCodeThatTheLockRefuses(t *testing.T) {
	h := open(t, "", "")
	h.hand("/app/lock", url.Values{"lockId": {h.number()}, "powerSaving": {"1"}})
	h.fault(sim.Fault{On: "front", Kind: "rejects"})
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}
	_, err := h.rig.Driver.Set(t.Context(), h.rig.Device, want, "")
	drivertest.Must(t, err)
	h.rig.Far.Settle()
	if o := h.look(driver.Known{}); len(o.Held) != 0 || !o.Complete {
		t.Errorf("the list has %+v", o.Held)
	}
	told := false
	for _, in := range h.rig.Far.Posts() {
		_, notices, err := h.rig.Driver.(driver.Receiver).Receive(t.Context(), in)
		drivertest.Must(t, err)
		told = told || len(notices) == 1 && notices[0].Device == h.rig.Device && strings.Contains(string(in.Body), "notifyType=4")
	}
	if !told {
		t.Error("no post tells of the failure")
	}
	drivertest.Must(t, h.rig.Far.Heal(h.rig.Device))
	_, err = h.rig.Driver.Set(t.Context(), h.rig.Device, want, "")
	drivertest.Must(t, err)
	h.rig.Far.Settle()
	if o := h.look(driver.Known{}); len(o.Held) != 1 || o.Held[0].Pending || !h.opens(want.PIN) {
		t.Errorf("the second time the list has %+v", o.Held)
	}
}

// Digits that the vendor computes open for their hours without anything having been written, and can't be taken back.
func TestComputedCodes(t *testing.T) {
	h := open(t, "porch", "")
	h.fault(sim.Fault{On: "porch", Kind: "offline"})
	from := h.leap.Now().Truncate(time.Hour).Add(2 * time.Hour)
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", Enabled: true, Offline: lock.OfflineHourly, Window: lock.Window{From: from, To: from.Add(3 * time.Hour)}}
	held, err := h.rig.Driver.Set(t.Context(), h.rig.Device, want, "")
	drivertest.Must(t, err)
	if held.PIN.Len() < 6 || !held.Window.Equal(want.Window) || h.opens(held.PIN) {
		t.Errorf("%+v", held)
	}
	h.leap.Pass(2*time.Hour + time.Minute)
	o := h.look(driver.Known{})
	if !h.opens(held.PIN) || len(o.Held) != 1 || o.Held[0].Ref != held.Ref || o.Held[0].Tag != want.Tag {
		t.Errorf("in its hours the list has %+v", o.Held)
	}
	drivertest.Fails(t, "a removal", h.rig.Driver.Clear(t.Context(), h.rig.Device, held.Ref), driver.Unsupported, driver.BlameRequest)
	again := want
	again.Code = "d"
	_, err = h.rig.Driver.Set(t.Context(), h.rig.Device, again, "")
	drivertest.Fails(t, "the same hours", err, driver.Rejected, driver.BlameRequest)
	once := lock.Credential{Code: "e", Enabled: true, Offline: lock.OfflineOneTime, OneTime: true, Window: lock.Window{From: from}}
	single, err := h.rig.Driver.Set(t.Context(), h.rig.Device, once, "")
	drivertest.Must(t, err)
	if !h.opens(single.PIN) || h.opens(single.PIN) {
		t.Error("a one-time code does not open once")
	}
	once.Offline = lock.OfflineDaily
	_, err = h.rig.Driver.Set(t.Context(), h.rig.Device, once, "")
	drivertest.Fails(t, "another kind", err, driver.Unsupported, driver.BlameRequest)
}

// The log tells who came and who was sent away, once each, also what happened while nobody could hear the lock.
func TestTheLog(t *testing.T) {
	h := open(t, "porch", "")
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}
	held, err := h.rig.Driver.Set(t.Context(), h.rig.Device, want, "")
	drivertest.Must(t, err)
	since := h.look(driver.Known{}).Next
	h.fault(sim.Fault{On: "front", Kind: "offline"})
	h.opens(want.PIN)
	h.opens(drivertest.PIN(t, "990311"))
	if o := h.look(driver.Known{Since: since}); len(o.Entries) != 0 || o.Reach != lock.LockDown {
		t.Errorf("a lock that can't be heard tells %+v", o.Entries)
	}
	h.leap.Pass(5 * time.Hour)
	drivertest.Must(t, h.rig.Far.Heal(h.rig.Device))
	bolt := h.rig.Driver.(driver.Bolt)
	drivertest.Must(t, bolt.Unlock(t.Context(), h.rig.Device))
	drivertest.Must(t, bolt.Lock(t.Context(), h.rig.Device))
	o := h.look(driver.Known{Since: since})
	var kinds []lock.EntryKind
	for _, e := range o.Entries {
		kinds = append(kinds, e.Kind)
		if e.Kind == lock.Denied && (e.Reason != "unknown_code" || e.Ref != "") {
			t.Errorf("%+v", e)
		}
	}
	if len(kinds) != 4 || kinds[0] != lock.Opened || kinds[1] != lock.Denied || kinds[2] != lock.Opened || kinds[3] != lock.Locked || o.Entries[0].Ref != held.Ref {
		t.Errorf("the log tells %+v", o.Entries)
	}
	if again := h.look(driver.Known{Since: o.Next}); len(again.Entries) != 0 {
		t.Errorf("and again %+v", again.Entries)
	}
	drivertest.Fails(t, "a bolt without a gateway", func() error {
		h.fault(sim.Fault{On: "porch", Kind: "offline"})
		return bolt.Unlock(t.Context(), h.rig.Device)
	}(), driver.Offline, driver.BlameHub)
}

// A gateway that goes is told half an hour later, and everything behind it is to be looked at.
func TestAGatewayThatGoesIsPosted(t *testing.T) {
	h := open(t, "porch", "")
	h.fault(sim.Fault{On: "porch", Kind: "offline"})
	if o := h.look(driver.Known{}); o.Reach != lock.HubDown {
		t.Errorf("reach %d", o.Reach)
	}
	h.rig.Far.Posts()
	h.leap.Pass(31 * time.Minute)
	posts := h.rig.Far.Posts()
	if len(posts) != 1 || !strings.Contains(string(posts[0].Body), "notifyType=2") || !strings.Contains(string(posts[0].Body), "isOnline=0") {
		t.Fatalf("%d posts", len(posts))
	}
	reply, notices, err := h.rig.Driver.(driver.Receiver).Receive(t.Context(), posts[0])
	drivertest.Must(t, err)
	if string(reply.Body) != "success" || reply.Status != http.StatusOK || len(notices) != 1 || notices[0].Device != "" {
		t.Errorf("%q, %+v", reply.Body, notices)
	}
}

// Locks are told with the gateway that hears them best; one that belongs to none is out of reach.
func TestGateways(t *testing.T) {
	h := open(t, "porch", "")
	all, err := h.rig.Driver.Devices(t.Context())
	drivertest.Must(t, err)
	if len(all) != 2 || all[0].Hub == "" || all[0].Hub == all[1].Hub {
		t.Errorf("%+v", all)
	}
	h.hand("/app/lock", url.Values{"lockId": {h.number()}, "unpaired": {"1"}})
	if o := h.look(driver.Known{}); o.Reach != lock.LockDown {
		t.Errorf("reach %d", o.Reach)
	}
	_, err = h.rig.Driver.Set(t.Context(), h.rig.Device, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
	drivertest.Fails(t, "a lock without a gateway", err, driver.Offline, driver.BlameLock)
}

// Digits that the lock has and the list does not are taken, and nobody's code is removed.
func TestDigitsThatAreNotListed(t *testing.T) {
	h := open(t, "porch", "")
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}
	h.fault(sim.Fault{On: "front", Kind: "lost-ack"})
	_, err := h.rig.Driver.Set(t.Context(), h.rig.Device, want, "")
	drivertest.Fails(t, "an answer lost on the radio", err, driver.Ambiguous, driver.BlameLock)
	drivertest.Must(t, h.rig.Far.Heal(h.rig.Device))
	_, err = h.rig.Driver.Set(t.Context(), h.rig.Device, want, "")
	drivertest.Fails(t, "the second try", err, driver.Taken, driver.BlameLock)
	if !h.opens(want.PIN) {
		t.Error("the code does not open any more")
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	for field, change := range map[string]func(*provider.Account){
		"client_id": func(a *provider.Account) { delete(a.Texts, "client_id") }, "username": func(a *provider.Account) { delete(a.Texts, "username") },
		"client_secret": func(a *provider.Account) { delete(a.Secrets, "client_secret") }, "password": func(a *provider.Account) { delete(a.Secrets, "password") },
		"base_url": func(a *provider.Account) { a.Texts["base_url"] = "euapi.ttlock.com" }, "zone": func(a *provider.Account) { a.Texts["zone"] = "Vienna" },
		"six_keys": func(a *provider.Account) { a.Texts["six_keys"] = "1, front" },
	} {
		a := provider.Account{
			ID: "house", Texts: map[string]string{"client_id": "c", "username": "u"}, Secrets: map[string]string{"client_secret": cloud.ClientSecret("house"), "password": "p"},
		}
		change(&a)
		if _, err := ttlock.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{}}, a); err == nil || !strings.HasPrefix(err.Error(), "account house: "+field+": ") {
			t.Errorf("%s: %v", field, err)
		}
	}
}
