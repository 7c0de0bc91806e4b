package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// row is a rig with n locks on one hub, and one on none, each with a code that is set.
func row(t *testing.T, s store.Store, n int) (*rig, []*fake, *fake) {
	r := newRigOn(t, s)
	var on []*fake
	for i := range n {
		id := lock.DeviceID(fmt.Sprintf("lock-%03d", i))
		on = append(on, r.addDevice(lock.Device{ID: id, Account: "acme", Hub: "hub", Traits: jitTraits()}))
		r.do(engine.Create{ID: lock.CodeID("code-" + id), Device: id, Starts: hours(-1), Ends: hours(1000)})
	}
	lone := r.addDevice(lock.Device{ID: "lone", Account: "acme", Traits: jitTraits()})
	r.do(engine.Create{ID: "code-lone", Device: "lone", Starts: hours(-1), Ends: hours(1000)})
	r.pass(10 * time.Minute)
	if f := r.snapshot(engine.Query{View: engine.ViewFleet}).Fleet; f.Set != n+1 {
		t.Fatalf("%+v", f)
	}
	r.forget()
	return r, on, lone
}

func incidents(r *rig, code string) (raised, cleared int) {
	for _, ev := range r.journal() {
		switch {
		case ev.Device == "" && ev.Issue != nil && ev.Issue.Code == code:
			raised++
		case ev.Device == "" && (ev.Type == "internal.issue.cleared" || ev.Type == "connected_account.connected"):
			cleared++
		}
	}
	return raised, cleared
}

func TestALoginThatIsRefused(t *testing.T) {
	r, on, lone := row(t, memkv.New(), 5)
	refused := &driver.Error{Kind: driver.Unauthorized, Blame: driver.BlameAccount, Vendor: "invalid_grant"}
	for _, f := range append(on, lone) {
		f.fail = refused
	}
	r.do(engine.Observe{Device: "lock-001"})
	r.pass(2 * time.Second)
	for id := range r.locks {
		c := r.code(lock.CodeID("code-" + id))
		r.status(c.ID, engine.StatusUnknown)
		r.wantIssue(c.Issues, "account_disconnected", true)
	}
	if f := r.snapshot(engine.Query{View: engine.ViewFleet}).Fleet; f.Unknown != 6 || f.Offline != 6 {
		t.Errorf("totals %+v", f)
	}
	r.pass(24 * time.Hour)
	if n := r.told("connected_account.disconnected"); n != 1 {
		t.Errorf("told %d times", n)
	}
	// Somebody is in-house on every door, yet only one probe at a time knocks, at most every five minutes.
	if n := len(r.calls); n < 24*12-5 || n > 24*12+10 {
		t.Errorf("%d calls in a day", n)
	}
	for _, f := range append(on, lone) {
		f.fail = nil
	}
	r.pass(10 * time.Minute)
	if n := r.told("connected_account.connected"); n != 1 {
		t.Errorf("told %d times", n)
	}
	for id := range r.locks {
		c := r.code(lock.CodeID("code-" + id))
		r.status(c.ID, engine.StatusSet)
		r.wantIssue(c.Issues, "account_disconnected", false)
	}
	if f := r.snapshot(engine.Query{View: engine.ViewFleet}).Fleet; f.Unknown != 0 || f.Set != 6 || f.Offline != 0 {
		t.Errorf("totals %+v", f)
	}
}

func TestAHubThatIsGone(t *testing.T) {
	r, on, lone := row(t, memkv.New(), 8)
	for _, f := range on {
		f.reach = lock.HubDown
	}
	for id := range r.locks {
		r.do(engine.Observe{Device: id})
	}
	r.pass(time.Minute)
	r.forget()
	r.pass(3 * time.Hour)
	if raised, _ := incidents(r, "hub_disconnected"); raised != 1 {
		t.Errorf("%d incidents", raised)
	}
	knocks := 0
	for _, c := range r.calls {
		if c.Device != "lone" {
			knocks++
		}
	}
	if knocks > 3*12+3 {
		t.Errorf("%d calls to the hub in three hours", knocks)
	}
	if lone.look(r.now).At.IsZero() || r.device("lone").Link != lock.Reached {
		t.Error("a lock on no hub is held back")
	}
	if v := r.device("lock-000"); v.Link != lock.HubDown {
		t.Errorf("link %v", v.Link)
	}
	r.wantIssue(r.device("lock-000").Issues, "hub_disconnected", true)
	// Codes that ended meanwhile go as soon as it answers.
	r.do(engine.Delete{Code: "code-lock-003"})
	for _, f := range on {
		f.reach = lock.Reached
	}
	r.pass(5*time.Minute + 10*time.Second)
	r.status("code-lock-003", engine.StatusGone)
	raised, cleared := incidents(r, "hub_disconnected")
	if raised != 1 || cleared != 1 {
		t.Errorf("%d incidents, %d ended", raised, cleared)
	}
	r.pass(time.Minute)
	for id := range r.locks {
		if v := r.device(id); v.Link != lock.Reached || len(v.Issues) != 0 {
			t.Errorf("%s: %v %s", id, v.Link, codesOf(v.Issues))
		}
	}
}

func TestACloudThatIsDownIsOneIncident(t *testing.T) {
	r, on, lone := row(t, memkv.New(), 8)
	// No driver can tell whose fault it is: three locks in a row blame the cloud.
	all := append(on, lone)
	for _, f := range all {
		f.fail = &driver.Error{Kind: driver.Ambiguous}
	}
	for id := range r.locks {
		r.do(engine.Observe{Device: id})
	}
	r.pass(time.Minute)
	if raised, _ := incidents(r, "provider_down"); raised != 1 {
		t.Fatalf("%d incidents", raised)
	}
	r.forget()
	r.pass(time.Hour)
	if n := len(r.calls); n > 20 {
		t.Errorf("%d calls in an hour to a cloud that is down", n)
	}
	for _, f := range all {
		f.fail = nil
	}
	r.pass(6 * time.Minute)
	if raised, cleared := incidents(r, "provider_down"); raised != 1 || cleared != 1 {
		t.Errorf("%d incidents, %d ended", raised, cleared)
	}
	for id := range r.locks {
		if v := r.device(id); v.Link != lock.Reached {
			t.Errorf("%s: %v", id, v.Link)
		}
	}
}

func TestOneLockThatFailsIsNoIncidentOfItsCloud(t *testing.T) {
	r, on, _ := row(t, memkv.New(), 4)
	on[0].fail = &driver.Error{Kind: driver.Ambiguous}
	r.do(engine.Observe{Device: "lock-000"})
	r.pass(2 * time.Hour)
	if raised, _ := incidents(r, "provider_down"); raised != 0 {
		t.Error("the cloud is blamed")
	}
	r.wantIssue(r.device("lock-000").Issues, "device_disconnected", true)
	if v := r.device("lock-001"); v.Link != lock.Reached {
		t.Error("others suffer")
	}
	on[0].fail = nil
	r.pass(31 * time.Minute)
	r.wantIssue(r.device("lock-000").Issues, "device_disconnected", false)
}

func TestAProbeComesBeforeTheNextStart(t *testing.T) {
	r, on, lone := row(t, memkv.New(), 2)
	r.do(engine.Create{ID: "soon", Device: "lock-001", PIN: pin("4829"), Starts: hours(5).Add(7 * time.Minute), Ends: hours(9)})
	for _, f := range append(on, lone) {
		f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameCloud}
	}
	r.until(hours(5).Add(6*time.Minute + 40*time.Second))
	for _, f := range append(on, lone) {
		f.fail = nil
	}
	r.pass(30 * time.Second)
	r.status("soon", engine.StatusSet)
}

func TestALargeAccountThatGoesAndComes(t *testing.T) {
	// What one outcome touches may be more than one commit takes.
	for _, how := range []driver.Kind{driver.Unauthorized, driver.Offline} {
		r, on, lone := row(t, memkv.NewLimited(store.Limits{MaxOps: 120, MaxBytes: 1 << 20}), 60)
		fail := &driver.Error{Kind: how, Blame: driver.BlameCloud}
		for _, f := range append(on, lone) {
			f.fail = fail
		}
		r.step(engine.Notice{Account: "acme"})
		r.pass(3 * time.Hour)
		if how == driver.Unauthorized {
			r.status("code-lock-059", engine.StatusUnknown)
		}
		r.kill()
		r.open()
		for _, f := range append(on, lone) {
			f.fail = nil
		}
		r.pass(30 * time.Minute)
		f := r.snapshot(engine.Query{View: engine.ViewFleet}).Fleet
		if f.Set != 61 || f.Offline != 0 || f.Unknown != 0 || f.InFlight != 0 {
			t.Errorf("%s: totals %+v", how, f)
		}
	}
}

func TestALoginThatIsRefusedForWritesOnly(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	other := r.add("back", jitTraits())
	r.pass(time.Minute)
	for range 1000 {
		other.fails(engine.CallSet, driver.Unauthorized, driver.BlameAccount)
	}
	r.do(engine.Create{ID: "g", Device: "back", PIN: pin("4829")})
	r.forget()
	r.pass(24 * time.Hour)
	if n := len(r.calls); n > 24*12*2+20 {
		t.Errorf("%d calls in a day", n)
	}
	other.script = nil
	r.pass(10 * time.Minute)
	r.status("g", engine.StatusSet)
}

// A lock that was away already when its cloud went down is away still: nobody has said that it is its hub.
func TestALockThatIsAwayWhenItsCloudGoesDown(t *testing.T) {
	r := newRig(t)
	f := r.addDevice(lock.Device{ID: "front", Account: "acme", Hub: "hub", Traits: jitTraits()})
	r.pass(time.Minute)
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
	r.do(engine.Observe{Device: "front"})
	r.pass(5 * time.Minute)
	r.wantIssue(r.device("front").Issues, "device_disconnected", true)
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameCloud}
	r.do(engine.Observe{Device: "front"})
	r.pass(10 * time.Minute)
	if raised, _ := incidents(r, "provider_down"); raised != 1 {
		t.Fatalf("%d incidents of the cloud", raised)
	}
	r.wantIssue(r.device("front").Issues, "device_disconnected", true)
}

// Hints about a lock whose cloud is down are kept with what they change, however many come.
func TestHintsWhileTheCloudIsDown(t *testing.T) {
	r, f := settled(t, jitTraits())
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameCloud}
	r.do(engine.Observe{Device: "front"})
	r.pass(10 * time.Minute)
	for range 3 {
		r.step(engine.Notice{Account: "acme", Device: "front"}) // the rig holds memory against the store after each step
		r.step(engine.Notice{Account: "acme"})
		r.pass(time.Second)
	}
	f.fail = nil
	r.pass(6 * time.Minute)
	if v := r.device("front"); v.Link != lock.Reached {
		t.Errorf("link %v", v.Link)
	}
}

// A cloud that was down and says that a hub is away has answered: from then on it is the hub.
func TestACloudThatIsBackAndNamesTheHub(t *testing.T) {
	r := newRig(t)
	f := r.addDevice(lock.Device{ID: "front", Account: "acme", Hub: "hub", Traits: jitTraits()})
	r.pass(time.Minute)
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameCloud}
	r.do(engine.Observe{Device: "front"})
	r.pass(10 * time.Minute)
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameHub}
	r.pass(10 * time.Minute)
	if _, cleared := incidents(r, "provider_down"); cleared != 1 {
		t.Errorf("that the cloud is back was told %d times", cleared)
	}
	if raised, _ := incidents(r, "hub_disconnected"); raised != 1 || r.device("front").Link != lock.HubDown {
		t.Errorf("that the hub is away was told %d times, link %v", raised, r.device("front").Link)
	}
}

// A cloud that was out of reach answers at last, and refuses the login: from then on nothing can be known of the codes behind it.
func TestALoginThatIsRefusedAfterAnOutage(t *testing.T) {
	r, f := settled(t, jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829")})
	r.pass(time.Minute)
	f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameCloud}
	r.do(engine.Observe{Device: "front"})
	r.pass(10 * time.Minute)
	r.status("g", engine.StatusSet)
	f.fail = &driver.Error{Kind: driver.Unauthorized, Blame: driver.BlameAccount}
	r.pass(10 * time.Minute)
	r.status("g", engine.StatusUnknown)
}
