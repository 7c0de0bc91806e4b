package main

import (
	"errors"
	"path/filepath"
)

// dir is a folder of lockctl below an XDG base: the variable's value, or its default below the home folder.
func (a *app) dir(variable, fallback string) (string, error) {
	base := a.env.get(variable)
	if !filepath.IsAbs(base) {
		home := a.env.get("HOME")
		if !filepath.IsAbs(home) {
			return "", errors.New("no home folder: set HOME, or " + variable)
		}
		base = filepath.Join(home, fallback)
	}
	return filepath.Join(base, "lockctl"), nil
}

// dataDir keeps what must not be lost.
func (a *app) dataDir() (string, error) { return a.dir("XDG_DATA_HOME", ".local/share") }

// stateDir keeps logs.
func (a *app) stateDir() (string, error) { return a.dir("XDG_STATE_HOME", ".local/state") }
