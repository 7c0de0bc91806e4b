package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/sim/world"
)

// demoSeed makes everybody's demonstration begin alike.
const demoSeed = 7

// demo opens the terminal interface on the demonstration. Its state is kept apart from everything else, encrypted with a
// key beside it.
func demo(a *app, _ []string) error { return demonstrate(a, a.on("reset")) }

func demonstrate(a *app, anew bool) error {
	if err := a.needsTerminal(); err != nil {
		return err
	}
	log, closeLog, err := a.openLog()
	if err != nil {
		return err
	}
	defer closeLog()
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "demo")
	o := world.Demo(demoSeed)
	if anew {
		if err := reset(dir); err != nil {
			return err
		}
	}
	err = a.keepWorld(dir, dir+".key", o, "", log)
	var damaged *badgerkv.DamagedError
	var key *badgerkv.KeyError
	if errors.As(err, &damaged) || errors.As(err, &key) {
		return fmt.Errorf("the demonstration can't go on; lockctl demo --reset begins a new one: %w", err)
	}
	return err
}

// reset puts the state of a demonstration away, unless another process has it open.
func reset(dir string) error {
	s, err := badgerkv.Open(badgerkv.Options{Dir: dir})
	var inUse *badgerkv.InUseError
	if errors.As(err, &inUse) {
		return err
	}
	if err == nil {
		if err := s.Close(); err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}

// keepWorld shows the world of a folder: the one that is there, or a new one as o says. key is the path of its key file; "":
// not encrypted.
func (a *app) keepWorld(dir, key string, o world.Options, paused string, log *slog.Logger) (err error) {
	so := badgerkv.Options{Dir: dir, Logger: log}
	if key != "" {
		if so.Key, err = badgerkv.KeyFile(key); err != nil {
			return err
		}
	}
	s, err := badgerkv.Open(so)
	var inUse *badgerkv.InUseError
	if errors.As(err, &inUse) {
		return fmt.Errorf("this world is open in another lockctl; close it there first: %w", err)
	}
	if err != nil {
		return err
	}
	defer func() {
		if closed := s.Close(); err == nil {
			err = closed
		}
	}()
	var told story
	o.Store, o.Watch = s, told.watch
	w, err := world.New(a.ctx, o)
	if err != nil {
		return err
	}
	log.Info("world opened", "dir", dir, "now", w.Now())
	err = a.show(w, &told, paused)
	log.Info("world closed", "dir", dir, "err", err)
	return err
}
