package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// faults prints the registry of faults.
func faults(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "KIND\tLAYER\tON\tWHAT IT DOES")
	for _, k := range sim.Kinds() {
		on := make([]string, len(k.Targets))
		for i, target := range k.Targets {
			on[i] = string(target)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", k.Name, k.Layer, strings.Join(on, ", "), k.Meaning)
	}
	return t.Flush()
}

// profiles prints the models.
func profiles(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "MODEL\tSCHEDULES\tSLOTS\tWHAT IT IS")
	for _, p := range sim.Profiles() {
		schedules, slots := "no", fmt.Sprint(p.Traits.Slots)
		if p.Traits.NativeSchedule {
			schedules = "yes"
		}
		if p.Traits.Slots == 0 {
			slots = "hidden"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", p.Name, schedules, slots, p.Meaning)
	}
	return t.Flush()
}

// docs writes the page that is generated from the format's own tables.
func docs(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%s: there is no such folder", dir)
	}
	if err := os.WriteFile(filepath.Join(dir, "scenario.md"), scenario.Documentation(), 0o644); err != nil {
		return brokenError{err}
	}
	return nil
}

// version prints what was built, from what.
func version(out io.Writer) error {
	number, commit := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		number = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = ", commit " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	_, err := fmt.Fprintf(out, "locksim %s%s, %s %s/%s\n", number, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
