package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
)

func TestJustInTimeLife(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	start, end := noon.Add(4*time.Hour), noon.Add(28*time.Hour)
	rec := r.do(engine.Create{ID: "guest", Device: "front", Name: "Ada", PIN: pin("4829"), Starts: start, Ends: end})
	if len(rec.Codes) != 1 || rec.Codes[0] != "guest" || !rec.Undoable || rec.Seq == 0 || !rec.At.Equal(noon) {
		t.Errorf("receipt %+v", rec)
	}
	r.until(start.Add(-30*time.Minute - time.Second))
	r.status("guest", engine.StatusUnset)
	if len(f.held) != 0 {
		t.Fatal("written before T-30 min")
	}
	r.until(start.Add(-30 * time.Minute))
	r.status("guest", engine.StatusSetting)
	r.pass(10 * time.Second)
	r.status("guest", engine.StatusSet)
	if !f.has(pin("4829")) {
		t.Fatal("not on the lock")
	}
	if w := f.held[0].Window; !w.IsZero() {
		t.Errorf("a lock without schedules got the window %v", w)
	}
	r.until(end.Add(-time.Second))
	if !f.has(pin("4829")) {
		t.Fatal("cleared before its end")
	}
	r.until(end)
	r.status("guest", engine.StatusRemoving)
	r.pass(10 * time.Second)
	if len(f.held) != 0 {
		t.Fatal("not cleared")
	}
	r.status("guest", engine.StatusGone)
	want := "created set_on_device removed_from_device deleted"
	if got := strings.Join(r.events("guest"), " "); got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	if x := r.code("guest").Exposure; x.Total(r.now) > 5*time.Second {
		t.Errorf("exposure %v", x.Total(r.now))
	}
}

func TestNativeLife(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	start, end := noon.Add(100*time.Hour), noon.Add(124*time.Hour)
	r.do(engine.Create{ID: "guest", Device: "front", Name: "Ada", PIN: pin("4829"), Starts: start, Ends: end})
	r.until(start.Add(-72*time.Hour - time.Second))
	if len(f.held) != 0 {
		t.Fatal("written before T-72 h")
	}
	r.until(start.Add(-72*time.Hour + 10*time.Second))
	if len(f.held) != 1 || !f.held[0].Window.From.Equal(start) || !f.held[0].Window.To.Equal(end) {
		t.Fatalf("the lock holds %+v", f.held)
	}
	c := r.code("guest")
	if c.Status != engine.StatusUnset || !c.Scheduled || !c.Native || c.Evidence != engine.EvidenceReported {
		t.Errorf("preloaded: %+v", c)
	}
	r.until(start.Add(-time.Second))
	r.status("guest", engine.StatusUnset)
	r.until(start)
	r.status("guest", engine.StatusSet)
	r.until(end)
	r.status("guest", engine.StatusRemoving)
	r.pass(10 * time.Second)
	r.status("guest", engine.StatusGone)
	if len(f.held) != 0 {
		t.Error("the residue was not cleared")
	}
	want := []string{"created", "scheduled_on_device", "set_on_device", "removed_from_device", "deleted"}
	if got := r.events("guest"); !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
}
