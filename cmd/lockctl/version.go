package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version prints what was built, from what.
func version(a *app, _ []string) error {
	number, commit := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		number = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = ", commit " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	_, err := fmt.Fprintf(a.io.out, "lockctl %s%s, %s %s/%s\n", number, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
