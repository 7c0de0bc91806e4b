package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/accesscodes/lockctl/tui"
)

// keymap reads the keys that the user has rebound; nil: none.
func (a *app) keymap() (tui.Keymap, error) { return ownFile(a, "keys.toml", tui.ReadKeymap) }

// templates reads what the user's new codes begin with; nil: the usual ones.
func (a *app) templates() ([]tui.Template, error) {
	return ownFile(a, "templates.toml", tui.ReadTemplates)
}

// ownFile reads a file of the user's configuration folder; nothing: there is none.
func ownFile[T any](a *app, name string, read func([]byte) (T, error)) (none T, err error) {
	dir, err := a.dir("XDG_CONFIG_HOME", ".config")
	if err != nil {
		return none, err
	}
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	v, err := read(text)
	if err != nil {
		return none, badInput("%s: %w", path, err)
	}
	return v, nil
}

// save writes a file that the user asked for below the folder of exports. It never writes over another one.
func (a *app) save(name string, data []byte) (string, error) {
	dir, err := a.dataDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "exports")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	ext := filepath.Ext(name)
	for n := 1; ; n++ {
		path := filepath.Join(dir, fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext))
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.Write(data)
		return path, errors.Join(err, f.Close())
	}
}

// prefsFile keeps how the user likes to look at things.
func (a *app) prefsFile() (string, error) {
	dir, err := a.stateDir()
	return filepath.Join(dir, "view.toml"), err
}

// prefs reads how the user likes to look at things; nothing is known at first.
func (a *app) prefs() (p tui.Prefs, err error) {
	path, err := a.prefsFile()
	if err != nil {
		return p, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if err := toml.Unmarshal(text, &p); err != nil {
		return tui.Prefs{}, badInput("%s: is not TOML; remove it to begin anew: %w", path, err)
	}
	return p, nil
}

// keepPrefs writes them: whole, or not at all.
func (a *app) keepPrefs(p tui.Prefs) error {
	path, err := a.prefsFile()
	if err != nil {
		return err
	}
	text, err := toml.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
