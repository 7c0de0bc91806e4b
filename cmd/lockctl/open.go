package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/accesscodes/lockctl/sim/world"
)

// open opens the terminal interface on a kept world.
func open(a *app, args []string) error {
	if err := a.needsTerminal(); err != nil {
		return err
	}
	path := args[0]
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return badInput("%s: there is no such file or folder", path)
	case err != nil:
		return err
	case !info.IsDir():
		return openScenario(a, path)
	}
	if _, err := os.Stat(filepath.Join(path, "MANIFEST")); err != nil {
		return badInput("%s: holds no world; locksim replay --keep leaves one", path)
	}
	log, closeLog, err := a.openLog()
	if err != nil {
		return err
	}
	defer closeLog()
	return a.keepWorld(path, "", world.Options{}, "Paused where it was left. Try: . for the next event, p to let time go on.", log)
}
