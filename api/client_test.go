package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim/lab"
)

func (r *rig) dial() *Client {
	r.t.Helper()
	c, err := Dial(r.t.Context(), r.http.URL, r.key, &http.Client{}, r.clock)
	must(r.t, err)
	return c
}

func pin(t *testing.T, digits string) lock.PIN {
	t.Helper()
	p, err := lock.ParsePIN(digits)
	must(t, err)
	return p
}

// A host on the other side of HTTP answers as the host itself does.
func TestAHostFromAfar(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	ctx := t.Context()
	if !c.Now().Equal(noon) {
		t.Errorf("its time is %s, want %s", c.Now(), noon)
	}
	made, err := c.Submit(ctx, engine.Command{Do: engine.Create{ID: "guest", Device: "front", PIN: pin(t, "482913")}})
	must(t, err)
	if made.Codes[0] != "guest" || made.Seq == 0 {
		t.Errorf("the receipt is %+v", made)
	}
	told, err := c.Submit(ctx, engine.Command{Do: engine.Reveal{Code: "guest"}})
	must(t, err)
	if told.PINs[0] != pin(t, "482913") {
		t.Error("other digits came back")
	}
	far, err := c.Snapshot(ctx, engine.Query{View: engine.ViewDevice, Device: "front", Told: true})
	must(t, err)
	near, err := r.s.host.Snapshot(ctx, engine.Query{View: engine.ViewDevice, Device: "front", Told: true})
	must(t, err)
	if !reflect.DeepEqual(far.Codes, near.Codes) || !reflect.DeepEqual(far.Device, near.Device) {
		t.Errorf("from afar:\n%+v\n%+v\nfrom near:\n%+v\n%+v", far.Device, far.Codes, near.Device, near.Codes)
	}
	lines, err := c.Journal(ctx, 0, 5)
	must(t, err)
	if len(lines) != 5 || lines[0].Seq != 1 {
		t.Errorf("the journal has %d lines", len(lines))
	}
	_, err = c.Submit(ctx, engine.Command{Do: engine.Create{Device: "front", PIN: pin(t, "482913")}})
	var no *engine.Refusal
	if !errors.As(err, &no) || no.Code != "duplicate_access_code" || no.Field != "pin" || no.Other != "guest" {
		t.Errorf("the refusal is %+v (%v)", no, err)
	}
}

func TestABellFromAfar(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	ctx, stop := context.WithCancel(t.Context())
	bell := c.Bell(ctx)
	<-bell // it rings when it is hung up, so that nothing is missed
	r.post("/access_codes/create", "device_id", "front")
	<-bell
	stop()
	for range bell { // closed with its context
	}
}

func TestALabFromAfar(t *testing.T) {
	r := newRig(t)
	ctx := t.Context()
	l, err := r.dial().Lab(ctx)
	must(t, err)
	must(t, l.Edit(ctx, lab.Edit{Lock: "front", Kind: "add", Name: "cleaner", PIN: pin(t, "77331")}))
	try, err := l.Type(ctx, "front", pin(t, "77331"))
	must(t, err)
	if !try.Opens {
		t.Errorf("what was added by hand does not open: %+v", try)
	}
	must(t, l.SkipTo(ctx, noon.Add(time.Hour)))
	id, err := l.Inject(ctx, lab.Fault{On: "front", Kind: "offline", For: time.Hour})
	must(t, err)
	s, err := l.State(ctx)
	must(t, err)
	if !s.Now.Equal(noon.Add(time.Hour)) || len(s.Faults) != 1 || s.Faults[0].ID != id {
		t.Errorf("the state is %+v", s)
	}
	must(t, l.Heal(ctx, id))
	if err := l.Heal(ctx, "nothing"); err == nil {
		t.Error("what is not there was healed")
	}
}

// Every action that there is crosses as it was, digits included.
func TestEveryCommandCrosses(t *testing.T) {
	at, name, digits := noon.Add(time.Hour), "Ann", pin(t, "482913")
	yes := true
	actions := []engine.Action{
		engine.Create{ID: "a", Device: "d", Name: name, PIN: digits, Starts: at, Tell: true}, engine.Update{Code: "a", Name: &name, PIN: &digits, Ends: &at, JIT: &yes},
		engine.CreateMany{Like: engine.Create{Name: name, PIN: digits}, Devices: []lock.DeviceID{"d", "e"}, OwnPINs: true}, engine.Update{Code: "a"},
		engine.UpdateMany{CommonKey: "k", Starts: &at}, engine.Convert{Code: "a", Ongoing: true}, engine.Delete{Code: "a", Leaked: true},
		engine.Rotate{Code: "a", PIN: digits, Reason: "lost"}, engine.PullBackup{Code: "a"}, engine.SetPool{Device: "d", On: true}, engine.Adopt{Device: "d", Ref: "r"},
		engine.DeleteUnmanaged{Device: "d", Ref: "r"}, engine.SwapDevice{Old: "d", New: "e"}, engine.Observe{Device: "d"}, engine.Undo{Receipt: 7},
		engine.AddDevice{Device: lock.Device{ID: "d", Traits: lock.Traits{Slots: 3, PINLengths: []int{4}}}}, engine.RemoveDevice{Device: "d"}, engine.Reveal{Code: "a"},
		engine.SetPolicy{Device: "d", Patch: engine.PolicyPatch{Profile: ptr(engine.ProfileCurrent)}},
	}
	crossed := map[string]bool{}
	for _, a := range actions {
		want := engine.Command{Key: "k", Actor: "ann", DryRun: true, Do: a}
		w, err := pack(want)
		must(t, err)
		got, err := w.unpack()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", a.Verb(), err, got.Do, want.Do)
		}
		crossed["command."+a.Verb()] = true
	}
	for _, typ := range engine.EventTypes() {
		if len(typ) > 8 && typ[:8] == "command." && !crossed[typ] {
			t.Errorf("%s is not tested", typ)
		}
	}
	for _, bad := range []wireCommand{{Verb: "dance"}, {Verb: "create", Do: []byte(`{"Pin":7}`)}, {Verb: "delete", Do: []byte(`{"Cod":"a"}`)}, {Verb: "rotate", Do: []byte(`[]`)}} {
		if _, err := bad.unpack(); err == nil {
			t.Errorf("%s %s was taken", bad.Verb, bad.Do)
		}
	}
}
