package igloohome_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/driver/conform"
	"github.com/accesscodes/lockctl/driver/drivertest"
	"github.com/accesscodes/lockctl/driver/igloohome"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/facade"
	cloud "github.com/accesscodes/lockctl/sim/facade/igloohome"
	"github.com/accesscodes/lockctl/sim/rig"
)

// house is the driver before a simulated account, with real HTTP between them, in a year that only the fleet's clock knows.
type house struct {
	*conform.Rig
	leap   *facade.Leap
	cloud  *cloud.Cloud
	server *httptest.Server
}

func build(t *testing.T, habits cloud.Habits, secrets provider.Secrets) *house {
	t.Helper()
	h := buildOf(t, sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "igloohome", Account: "house", Hub: "bridge", Name: "Front door", Slots: 20}, {ID: "back", Model: "algo.keypad", Account: "house"},
	}}, habits, secrets)
	h.Device = drivertest.Find(t, h.Driver, "Front door").ID
	return h
}

func buildOf(t *testing.T, spec sim.Spec, habits cloud.Habits, secrets provider.Secrets) *house {
	t.Helper()
	leap, err := facade.NewLeap(time.Date(2031, 3, 28, 8, 0, 0, 0, time.UTC), 7, spec)
	drivertest.Must(t, err)
	h := &house{leap: leap}
	drivertest.Must(t, leap.Do(func(f *sim.Fleet) error {
		h.cloud, err = cloud.New(f, "house")
		return err
	}))
	h.cloud.Habits = habits
	h.server = httptest.NewServer(facade.Handler(leap, h.cloud))
	t.Cleanup(h.server.Close)
	log := &bytes.Buffer{}
	far := &rig.Far{
		Do: leap.Do, Pass: func() { leap.Pass(2 * time.Minute) }, Lock: "front", Hub: "bridge", Account: "house", Async: true,
	}
	id, secret := cloud.Client("house")
	h.Rig = &conform.Rig{Driver: login(t, h.server.URL, leap.Now, log, id, secret, secrets), Far: far, Hub: true, Now: leap.Now, Log: log.String}
	return h
}

func open(t *testing.T) *conform.Rig { return build(t, cloud.Habits{}, nil).Rig }

func login(t *testing.T, base string, now func() time.Time, log *bytes.Buffer, id, secret string, secrets provider.Secrets) driver.Driver {
	t.Helper()
	env := provider.Env{HTTP: &http.Client{}, Now: now, Log: drivertest.Log(log), Secrets: secrets}
	d, err := igloohome.Provider().Open(t.Context(), env, provider.Account{
		ID: "house", Texts: map[string]string{"base_url": base, "zone": "Europe/Vienna"}, Secrets: map[string]string{"client_id": id, "client_secret": secret},
	})
	drivertest.Must(t, err)
	t.Cleanup(func() { drivertest.Must(t, d.Close()) })
	return d
}

func TestConforms(t *testing.T) { drivertest.Run(t, open) }

// What nobody knows for sure of the vendor changes nothing: the other statuses, shapes and pages that clients tell of.
func TestConformsWithOtherHabits(t *testing.T) {
	drivertest.Run(t, func(t *testing.T) *conform.Rig {
		return build(t, cloud.Habits{
			Created: 200, Refused: 403, BadClient: 400, Busy: 409, Errors: "code", NullCursor: true, Wrapped: true, TokenFor: 90, Page: 1, RefusesAway: true, MissingFail: true,
		}, &provider.MemorySecrets{}).Rig
	})
}

// A code is pending until its bridge has done the job, and then it is there.
func TestPendingUntilTheBridgeHasDoneIt(t *testing.T) {
	h := build(t, cloud.Habits{}, nil)
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}
	held, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	if strings.Contains(string(held.Ref), "482915") {
		t.Error("the digits show in the Ref")
	}
	for _, pending := range []bool{true, false} {
		o, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{Refs: []lock.Ref{held.Ref}})
		drivertest.Must(t, err)
		if len(o.Held) != 1 || o.Held[0].Pending != pending || o.Held[0].Ref != held.Ref || o.Complete {
			t.Errorf("pending should be %v: %+v", pending, o)
		}
		h.Far.Settle()
	}
}

// A job that failed is not listed, and the same code can be written again at its Ref.
func TestAJobThatFails(t *testing.T) {
	h := build(t, cloud.Habits{}, nil)
	drivertest.Must(t, h.Far.Trouble(h.Device, conform.LockOffline))
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}
	held, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	h.Far.Settle()
	o, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{Refs: []lock.Ref{held.Ref}})
	drivertest.Must(t, err)
	if len(o.Held) != 0 || o.Reach != lock.Reached {
		t.Errorf("after the job has failed a look tells %+v", o)
	}
	drivertest.Must(t, h.Far.Heal(h.Device))
	again, err := h.Driver.Set(t.Context(), h.Device, want, held.Ref)
	drivertest.Must(t, err)
	h.Far.Settle()
	o, err = h.Driver.Observe(t.Context(), h.Device, driver.Known{Refs: []lock.Ref{again.Ref}})
	drivertest.Must(t, err)
	if len(o.Held) != 1 || o.Held[0].Pending {
		t.Errorf("written again a look tells %+v", o)
	}
}

// A bridge that leaves a job for longer than it can take is away, and is blamed, until it has done a job again: also after that one is over,
// and for a driver that was restarted. What it had not got to in time failed.
func TestABridgeThatIsAway(t *testing.T) {
	for _, away := range []time.Duration{8 * time.Minute, 20 * time.Minute, 45 * time.Minute} {
		secrets := &provider.MemorySecrets{}
		h := build(t, cloud.Habits{}, secrets)
		drivertest.Must(t, h.Far.Trouble(h.Device, conform.HubOffline))
		held, err := h.Driver.Set(t.Context(), h.Device, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		drivertest.Must(t, err)
		look := func() lock.Observation {
			t.Helper()
			o, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{Refs: []lock.Ref{held.Ref}})
			drivertest.Must(t, err)
			return o
		}
		h.leap.Pass(time.Minute)
		if o := look(); o.Reach != lock.Reached {
			t.Errorf("after a minute the reach is %d", o.Reach)
		}
		due := held.Due.Sub(h.leap.Now())
		if h.leap.Pass(due); due <= 0 || due > 2*time.Minute {
			t.Errorf("what holds a lone job up can be told %v later", due)
		}
		for gone := 4 * time.Minute; gone < away; gone += 7 * time.Minute {
			if o := look(); o.Reach != lock.HubDown {
				t.Errorf("before %v have passed the reach is %d", gone, o.Reach)
			}
			id, secret := cloud.Client("house")
			h.Driver = login(t, h.server.URL, h.leap.Now, &bytes.Buffer{}, id, secret, secrets)
			h.leap.Pass(7 * time.Minute)
		}
		look()
		drivertest.Must(t, h.Far.Heal(h.Device))
		h.Far.Settle()
		o := look()
		if there := len(o.Held) == 1 && !o.Held[0].Pending; o.Reach != lock.Reached || there != (away < 10*time.Minute) {
			t.Errorf("back after %v a look tells %+v", away, o)
		}
	}
}

// A bridge whose jobs are refused is away until one is taken and done.
func TestABridgeThatRefusesJobs(t *testing.T) {
	h := build(t, cloud.Habits{RefusesAway: true}, nil)
	drivertest.Must(t, h.Far.Trouble(h.Device, conform.HubOffline))
	look := func() lock.Reach {
		t.Helper()
		o, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{})
		drivertest.Must(t, err)
		return o.Reach
	}
	if look() != lock.Reached {
		t.Error("a bridge that nobody asked is said to be away")
	}
	_, err := h.Driver.Set(t.Context(), h.Device, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
	if e := drivertest.Error(t, err); e.Kind != driver.Offline || e.Blame != driver.BlameHub {
		t.Errorf("its job gives %v", err)
	}
	if look() != lock.HubDown {
		t.Error("the look after that is said to have come through")
	}
	drivertest.Must(t, h.Far.Heal(h.Device))
	look() // orders a job
	h.Far.Settle()
	if look() != lock.Reached {
		t.Error("a bridge that works again is said to be away")
	}
}

// The more jobs a bridge was given, the later the last of them is due.
func TestWhenAJobIsDue(t *testing.T) {
	h := build(t, cloud.Habits{}, nil)
	drivertest.Must(t, h.Far.Trouble(h.Device, conform.HubOffline))
	var due []time.Duration
	for range 20 {
		held, err := h.Driver.Set(t.Context(), h.Device, lock.Credential{PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		drivertest.Must(t, err)
		due = append(due, held.Due.Sub(h.leap.Now()).Round(time.Second))
	}
	if due[0] != 2*time.Minute || due[4] != 3*time.Minute || due[19] != 6*time.Minute {
		t.Errorf("they are due after %v", due)
	}
}

// A bridge takes twenty jobs and no more.
func TestABridgeWithTooMuchToDo(t *testing.T) {
	h := build(t, cloud.Habits{}, nil)
	drivertest.Must(t, h.Far.Trouble(h.Device, conform.HubOffline))
	for range 20 {
		_, err := h.Driver.Set(t.Context(), h.Device, lock.Credential{PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
		drivertest.Must(t, err)
	}
	_, err := h.Driver.Set(t.Context(), h.Device, lock.Credential{PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
	if e := drivertest.Error(t, err); e.Kind != driver.Throttled || e.Blame != driver.BlameHub {
		t.Errorf("the job beyond that gives %v", err)
	}
}

// A window that began already begins soon, ends when it should, and one that is over is refused.
func TestAStartThatIsPast(t *testing.T) {
	h := build(t, cloud.Habits{}, nil)
	now := h.leap.Now().Truncate(time.Minute)
	want := lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true, Window: lock.Window{From: now.Add(-time.Hour), To: now.Add(time.Hour)}}
	_, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	h.Far.Settle()
	held, err := h.Far.Holds(h.Device)
	drivertest.Must(t, err)
	if len(held) != 1 || held[0].Window.From.Sub(now) > 2*time.Minute || !held[0].Window.To.Equal(want.Window.To) {
		t.Errorf("the lock holds %v", held)
	}
	want.Window.To = now
	_, err = h.Driver.Set(t.Context(), h.Device, want, "")
	if e := drivertest.Error(t, err); e.Kind != driver.Rejected {
		t.Errorf("a window that is over gives %v", err)
	}
}

// A handle that another client has made erases nothing, and is not taken for an absent code.
func TestAHandleOfAnotherClient(t *testing.T) {
	h := build(t, cloud.Habits{}, nil)
	held, err := h.Driver.Set(t.Context(), h.Device, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
	drivertest.Must(t, err)
	h.Far.Settle()
	for _, ref := range []lock.Ref{"A" + held.Ref[1:], "B" + held.Ref[1:], "nothing", ""} {
		if ref == held.Ref {
			continue
		}
		if e := drivertest.Error(t, h.Driver.Clear(t.Context(), h.Device, ref)); e.Kind != driver.Unsupported {
			t.Errorf("%q is taken", ref)
		}
	}
	if held, err := h.Far.Holds(h.Device); err != nil || len(held) != 1 {
		t.Errorf("the lock holds %d codes, %v", len(held), err)
	}
}

// The bolt is moved by jobs, which the lock has to be near for.
func TestTheBolt(t *testing.T) {
	h := build(t, cloud.Habits{}, nil)
	bolt := h.Driver.(driver.Bolt)
	drivertest.Must(t, bolt.Unlock(t.Context(), h.Device))
	drivertest.Must(t, bolt.Lock(t.Context(), h.Device))
	if e := drivertest.Error(t, bolt.Lock(t.Context(), drivertest.Find(t, h.Driver, "back").ID)); e.Kind != driver.Unsupported {
		t.Error("a lock without a bridge is moved")
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	client := map[string]string{"client_id": "i", "client_secret": "s"}
	for _, a := range []provider.Account{
		{Texts: map[string]string{"base_url": "api.igloodeveloper.co"}, Secrets: client}, {Texts: map[string]string{"login_url": "auth"}, Secrets: client},
		{Texts: map[string]string{"zone": "Vienna"}, Secrets: client}, {Secrets: map[string]string{"client_id": "i"}},
	} {
		a.ID = "house"
		if _, err := igloohome.Provider().Open(t.Context(), provider.Env{HTTP: &http.Client{}}, a); err == nil || !strings.HasPrefix(err.Error(), "account house: ") {
			t.Errorf("%v gives %v", a.Texts, err)
		}
	}
}

// An erase is open until its bridge has done it, also for a driver that was restarted; one that failed is ordered again, and a bridge
// that does not turn to it is blamed.
func TestAnEraseIsOpenUntilItIsDone(t *testing.T) {
	secrets := &provider.MemorySecrets{}
	h := build(t, cloud.Habits{MissingFail: true}, secrets)
	want := lock.Credential{Code: "c", Tag: "LCABCDE23", PIN: drivertest.PIN(t, "482915"), Enabled: true}
	held, err := h.Driver.Set(t.Context(), h.Device, want, "")
	drivertest.Must(t, err)
	h.Far.Settle()
	open := func() {
		t.Helper()
		err := h.Driver.Clear(t.Context(), h.Device, held.Ref)
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Ambiguous || e.RetryAfter == 0 {
			t.Fatalf("an erase that is under way gives %v", err)
		}
	}
	drivertest.Must(t, h.Far.Trouble(h.Device, conform.LockOffline))
	open()
	open()
	h.Far.Settle() // it fails
	if e := drivertest.Error(t, h.Driver.Clear(t.Context(), h.Device, held.Ref)); e.Kind != driver.Ambiguous || e.Blame != driver.BlameLock || e.RetryAfter != 0 {
		t.Errorf("an erase that has failed gives %v", e)
	}
	drivertest.Must(t, h.Far.Heal(h.Device))
	drivertest.Must(t, h.Far.Trouble(h.Device, conform.HubOffline))
	open()
	id, secret := cloud.Client("house")
	h.Driver = login(t, h.server.URL, h.leap.Now, &bytes.Buffer{}, id, secret, secrets)
	open()
	o, err := h.Driver.Observe(t.Context(), h.Device, driver.Known{Refs: []lock.Ref{held.Ref}})
	if err != nil || len(o.Held) != 1 || !o.Held[0].Pending {
		t.Errorf("while it is under way a look tells %+v, %v", o, err)
	}
	h.leap.Pass(8 * time.Minute)
	if e := drivertest.Error(t, h.Driver.Clear(t.Context(), h.Device, held.Ref)); e.Kind != driver.Offline || e.Blame != driver.BlameHub {
		t.Errorf("a bridge that does not turn to it is told as %v of the %v", e.Kind, e.Blame)
	}
	if o, err = h.Driver.Observe(t.Context(), h.Device, driver.Known{Refs: []lock.Ref{held.Ref}}); err != nil || o.Reach != lock.HubDown {
		t.Errorf("then a look tells %+v, %v", o, err)
	}
	drivertest.Must(t, h.Far.Heal(h.Device))
	h.Far.Settle()
	for range 2 {
		drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, held.Ref))
	}
	if left, err := h.Far.Holds(h.Device); err != nil || len(left) != 0 {
		t.Errorf("the lock holds %d codes, %v", len(left), err)
	}
	if o, err = h.Driver.Observe(t.Context(), h.Device, driver.Known{Refs: []lock.Ref{held.Ref}}); err != nil || len(o.Held) != 0 {
		t.Errorf("in the end a look tells %+v, %v", o, err)
	}
	// What is wished again is written anew, and not taken for what was erased.
	again, err := h.Driver.Set(t.Context(), h.Device, want, held.Ref)
	drivertest.Must(t, err)
	h.Far.Settle()
	if left, err := h.Far.Holds(h.Device); err != nil || len(left) != 1 || again.Ref == held.Ref {
		t.Errorf("written again the lock holds %d codes, %v", len(left), err)
	}
}

// What never was written needs no erase.
func TestAnEraseOfWhatFailed(t *testing.T) {
	h := build(t, cloud.Habits{MissingFail: true}, nil)
	drivertest.Must(t, h.Far.Trouble(h.Device, conform.LockOffline))
	held, err := h.Driver.Set(t.Context(), h.Device, lock.Credential{Code: "c", PIN: drivertest.PIN(t, "482915"), Enabled: true}, "")
	drivertest.Must(t, err)
	h.Far.Settle()
	drivertest.Must(t, h.Far.Heal(h.Device))
	_ = h.Driver.Clear(t.Context(), h.Device, held.Ref) // under way
	h.Far.Settle()
	drivertest.Must(t, h.Driver.Clear(t.Context(), h.Device, held.Ref))
}
