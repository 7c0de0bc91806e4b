package main

import (
	"log/slog"
	"os"
	"path/filepath"
)

// logSize is when a log is put aside for a new one.
const logSize = 4 << 20

// openLog opens the log of the terminal interface, which must not write to the terminal. The one before stays beside it.
func (a *app) openLog() (*slog.Logger, func() error, error) {
	dir, err := a.stateDir()
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, "lockctl.log")
	if info, err := os.Stat(path); err == nil && info.Size() > logSize {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, nil, err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	return slog.New(slog.NewTextHandler(f, nil)), f.Close, nil
}
