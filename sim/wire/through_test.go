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
