package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// Digits are in the vault and on their way to a lock, and nowhere else.
func TestDigitsAreNeverSaid(t *testing.T) {
	r := newRig(t)
	old(r)
	markers := []string{"482950", "135024", "246802", "975310", "112233", "445566", "987654321", "864209", "777777", "888888", "606060"}
	// Errors that are about digits.
	for _, do := range []engine.Action{
		engine.Create{Device: "jit", PIN: pin("482950")},
		engine.Create{Device: "jit", PIN: pin("6060606060")},
		engine.Update{Code: "staff", PIN: ptr(pin("777777"))},
		engine.CreateMany{Like: engine.Create{PIN: pin("482950")}, Devices: []lock.DeviceID{"jit", "cloud"}},
		engine.Rotate{Code: "staff", PIN: pin("777777")},
		engine.SwapDevice{Old: "jit", New: "given"},
		engine.Create{Device: "given", PIN: pin("606060")},
	} {
		_, err := r.submit(engine.Command{Do: do})
		if err == nil {
			t.Fatalf("%s is taken", do.Verb())
		}
		text, jerr := json.Marshal(err)
		if jerr != nil {
			t.Fatal(jerr)
		}
		quiet(t, do.Verb()+" refused", fmt.Sprintf("%v %+v %#v %s", err, err, err, text), markers)
		quiet(t, "the action "+do.Verb(), fmt.Sprintf("%v %+v", do, do), markers)
	}
	// Trouble of every kind at a lock that holds them.
	f := r.locks["jit"]
	for i := range f.held {
		f.held[i].PIN = pin("606060")
	}
	f.fails(engine.CallSet, driver.Taken, driver.BlameRequest).fails(engine.CallSet, driver.Rejected, driver.BlameLock).loses(engine.CallSet, true)
	r.do(engine.Observe{Device: "jit"})
	r.pass(3 * time.Hour)
	r.silent(markers...)
	w, err := r.e.Step(r.now, engine.Notice{Account: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	quiet(t, "work", fmt.Sprintf("%+v %#v %s", w, w.Calls, text), markers)
	quiet(t, "the engine", fmt.Sprintf("%+v", r.e), markers)
	rec := r.do(engine.Reveal{Code: "staff"})
	if text, err = json.Marshal(rec); err != nil {
		t.Fatal(err)
	}
	quiet(t, "a receipt", fmt.Sprintf("%v %+v %s", rec, rec, text), markers)

	vault := []string{"code/", "hist/", "held/", "run/", "undo/", "group/"}
	kept := 0
	for key, val := range r.dump() {
		for _, m := range markers {
			if !strings.Contains(val, m) {
				continue
			}
			kept++
			if !startsWithAny(key, vault) {
				t.Errorf("the record %s holds %s", key, m)
			}
		}
	}
	if kept < len(markers)/2 {
		t.Errorf("only %d records hold digits: the search proves nothing", kept)
	}
}

func quiet(t *testing.T, what, said string, markers []string) {
	t.Helper()
	for _, m := range markers {
		if i := strings.Index(said, m); i >= 0 {
			t.Errorf("%s says %s: …%s…", what, m, said[max(0, i-60):min(len(said), i+30)])
		}
	}
}

func startsWithAny(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
