package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/accesscodes/lockctl/config"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/internal/strict"
)

// configFile is where the configuration is, or would be.
func (a *app) configFile() (string, error) {
	if path := a.text("config"); path != "" {
		return path, nil
	}
	dir, err := a.dir("XDG_CONFIG_HOME", ".config")
	return filepath.Join(dir, "lockctl.toml"), err
}

// configuration reads the configuration at path. One that the user did not name may be missing.
func (a *app) configuration(path string, known provider.Registry) (config.Config, error) {
	load := config.LoadOr
	if a.text("config") != "" {
		load = config.Load
	}
	c, err := load(path, known)
	if list, ok := errors.AsType[strict.Diagnostics](err); ok {
		return c, inputError{list}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return c, badInput("%s: there is no such file", path)
	}
	return c, err
}

func configShow(a *app, _ []string) error {
	path, err := a.configFile()
	if err != nil {
		return err
	}
	c, err := a.configuration(path, a.registry())
	if err != nil {
		return err
	}
	text, err := c.Show()
	if err != nil {
		return err
	}
	if c.Path == "" {
		path += ", which is not there: this is what runs without it"
	}
	_, err = fmt.Fprintf(a.io.out, "# %s\n%s", path, text)
	return err
}

func configCheck(a *app, args []string) error {
	path, err := a.configFile()
	if err != nil {
		return err
	}
	if len(args) > 0 {
		path = args[0]
	}
	c, err := config.Load(path, a.registry())
	if list, ok := errors.AsType[strict.Diagnostics](err); ok {
		return inputError{list}
	}
	if err != nil {
		return inputError{err}
	}
	for _, x := range c.Accounts {
		for name, secret := range x.Secrets {
			if _, err := secret.Read(a.env.get); err != nil {
				return refused("account %s: %s: %w", x.ID, name, err)
			}
		}
	}
	_, err = fmt.Fprintf(a.io.out, "%s: right; %d accounts, %d devices with a policy of their own\n", path, len(c.Accounts), len(c.Devices))
	return err
}

func configSample(a *app, _ []string) error {
	_, err := fmt.Fprint(a.io.out, config.Sample())
	return err
}
