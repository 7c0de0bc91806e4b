package wire_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/accesscodes/lockctl/sim/scenario"
	"github.com/accesscodes/lockctl/sim/wire"
)

// A story at a vendor's locks is the same each time, down to the last line of its trace; also one in which the engine is killed while
// calls are under way.
func TestAStoryAtAVendorsLocksIsTheSameEachTime(t *testing.T) {
	for _, v := range wire.Vendors() {
		x, err := wire.Through(v)
		must(t, err)
		told := 0
		for _, name := range []string{"seed-jit-30min", "seed-native-preload-72h", "story-kill-9-mid-write", "fault-webhooks", "seed-ongoing-now", "story-dead-node", "rule-rounding-declines-native", "story-write-only-lock-7-days", "assert-16-provider-chooses-the-digits", "provider-oracode"} {
			f, err := scenario.Load(filepath.Join("..", "..", "scenarios", name+".toml"))
			must(t, err)
			first, err := scenario.Run(t.Context(), f, scenario.Options{Through: x})
			must(t, err)
			again, err := scenario.Run(t.Context(), f, scenario.Options{Through: x})
			must(t, err)
			if !bytes.Equal(first.Trace(), again.Trace()) || first.Skipped != again.Skipped {
				t.Errorf("%s at %s gives another trace the second time", name, v.Name)
			}
			if first.Skipped == "" {
				told++
			}
		}
		if told == 0 {
			t.Errorf("%d stories were told of %s", told, v.Name)
		}
	}
}

// What a story needs and a vendor's locks don't have is named, and nothing runs.
func TestAStoryThatAVendorsLocksCantTellIsSkipped(t *testing.T) {
	v, _ := wire.Find("nuki")
	x, err := wire.Through(v)
	must(t, err)
	for _, c := range []struct{ lock, needs, step, why string }{
		{`model = "native.keypad"`, `needs = ["native"]`, ``, "needs native"},
		{`model = "august"`, `needs = ["models"]`, ``, "needs models"},
		{`model = "august"`, ``, ``, ""},
		{`model = "nuki"`, ``, ``, ""},
		{"model = \"jit.keypad\"\nslots = 3", ``, ``, ""},
		{"model = \"jit.keypad\"\nzone = \"none\"", ``, ``, "is about a lock without a zone"},
		{`model = "jit.keypad"`, ``, "[[at]]\nt = \"1m\"\nadd_lock = { id = \"side\", model = \"jit.keypad\" }", ""},
		{`model = "jit.keypad"`, ``, "[[at]]\nt = \"1m\"\nfault = { on = \"front\", kind = \"reset\" }", "needs lock-list"},
		{`model = "jit.keypad"`, ``, "[[at]]\nt = \"1m\"\nneeds = \"lock-list\"\nfault = { on = \"front\", kind = \"reset\" }", ""},
		{`model = "jit.keypad"`, ``, "[[expect]]\nneeds = \"lock-list\"\nlock = \"front\"\nheld = 1", ""},
		{`model = "jit.keypad"`, ``, "[[at]]\nt = \"1m\"\npool = { lock = \"front\", on = true }", ""},
	} {
		text := "[scenario]\nname = \"a story\"\nstart = 2026-03-28T08:00:00Z\nrun = \"1h\"\n" + c.needs + "\n[[lock]]\nid = \"front\"\n" + c.lock + "\n" + c.step + "\n"
		f, err := scenario.Decode("story.toml", []byte(text))
		must(t, err)
		res, err := scenario.Run(context.Background(), f, scenario.Options{Through: x})
		must(t, err)
		if res.Skipped != c.why || res.Verdict != scenario.Pass {
			t.Errorf("%s %s %s: skipped %q, %s", c.lock, c.needs, c.step, res.Skipped, res.Verdict)
		}
	}
}

// Who opened a door stands in the journal once, by name, however often a lock is looked at and although the engine starts anew between.
func TestWhoOpenedIsToldOnce(t *testing.T) {
	const story = "[scenario]\nname = \"a guest opens\"\nstart = 2026-03-09T08:00:00+01:00\nrun = \"4h\"\n[[lock]]\nid = \"front\"\nmodel = \"jit.keypad\"\n" +
		"[[at]]\nt = \"0s\"\ncreate = { id = \"guest\", lock = \"front\", pin = \"482915\" }\n" +
		"[[at]]\nt = \"30m\"\ntype = { code = \"guest\", opens = true }\n[[at]]\nt = \"31m\"\nobserve = \"front\"\n" +
		"[[at]]\nt = \"40m\"\nengine = { stop = \"1h\" }\n[[at]]\nt = \"1h\"\ntype = { code = \"guest\", opens = true }\n" +
		"[[at]]\nt = \"2h\"\nobserve = \"front\"\n[[at]]\nt = \"3h\"\nobserve = \"front\"\n"
	told := 0
	for _, v := range wire.Vendors() {
		x, err := wire.Through(v)
		must(t, err)
		if !x.Traits.ReportsEntry || x.Traits.OfflineOnly {
			continue
		}
		f, err := scenario.Decode("story.toml", []byte(story))
		must(t, err)
		res, err := scenario.Run(t.Context(), f, scenario.Options{Through: x})
		must(t, err)
		told++
		if n := bytes.Count(res.Trace(), []byte("lock.unlocked front guest — opened by code")); n != 2 || res.Verdict != scenario.Pass {
			t.Errorf("%s: of two openings %d stand in the journal, %s %s", v.Name, n, res.Verdict, res.Skipped)
		}
	}
	if told < 9 {
		t.Errorf("%d vendors tell who opened", told)
	}
}
