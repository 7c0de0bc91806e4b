package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/driver/all"
	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/sim/wire"
)

// made is the first line of a configuration that locksim serve has written, by which it knows its own.
const made = "# written by locksim serve: the vendors that it answers for\n"

// accounts is what lockctl needs to use the vendors that are served.
type accounts struct {
	toml    strings.Builder
	secrets strings.Builder // lines of a shell
}

// add takes a vendor that answers at an address, whose locks are in zone.
func (a *accounts) add(x *served, at, zone string) {
	texts := x.Settings(x.account, wire.Reached(x.cloud, at))
	if p, _ := all.Providers().Find(x.Name); slices.ContainsFunc(p.Settings, func(s provider.Setting) bool { return s.Name == "zone" }) {
		texts["zone"] = zone
	}
	fmt.Fprintf(&a.toml, "\n[[account]]\nid = %q\nprovider = %q\nsettings = { %s }\n", x.account, x.Name, a.settings(x, texts, x.Secrets(x.account)))
	if x.ByHand != nil {
		other, secrets := x.ByHand(x.account)
		other["base_url"] = texts["base_url"]
		fmt.Fprintf(&a.toml, "# or, for lockctl accounts login, which asks for a code that the control port tells at GET /sent:\n# settings = { %s }\n", a.settings(x, other, secrets))
	}
}

// settings are those of an account as a file has them. Its secrets are told to the shell, each once.
func (a *accounts) settings(x *served, texts, secrets map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		variable := strings.ToUpper(x.Name + "_" + name)
		if variable[0] >= '0' && variable[0] <= '9' {
			variable = "SIM_" + variable // no shell takes one that begins with a digit
		}
		texts[name] = "env:" + variable
		if line := fmt.Sprintf("export %s=%s\n", variable, quoted(secrets[name])); !strings.Contains(a.secrets.String(), line) {
			a.secrets.WriteString(line)
		}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		all = append(all, fmt.Sprintf("%s = %q", name, texts[name]))
	}
	return strings.Join(all, ", ")
}

// into writes a configuration and an environment into a folder, and returns the environment's file. lockctl then keeps what it has
// there too, apart from everything else. hooks is where it takes webhooks; "": nowhere.
func (a *accounts) into(dir, hooks string) (env string, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	conf := filepath.Join(dir, "lockctl", "lockctl.toml")
	if old, err := os.ReadFile(conf); err == nil && !strings.HasPrefix(string(old), made) {
		return "", fmt.Errorf("into: %s is not of locksim's making, and stays as it is", conf)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(conf), 0o700); err != nil {
		return "", err
	}
	text := made
	if hooks != "" {
		text += fmt.Sprintf("\n[webhooks]\nlisten = %q\nurl = %q\n", hooks, "http://"+hooks)
	}
	env = filepath.Join(dir, "env")
	var homes strings.Builder
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"} {
		fmt.Fprintf(&homes, "export %s=%s\n", name, quoted(dir))
	}
	return env, errors.Join(writeClosed(conf, text+a.toml.String()), writeClosed(env, homes.String()+a.secrets.String()))
}

// writeClosed writes a file that its owner alone may read, also where one stood there that others may.
func writeClosed(path, text string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// quoted is one word of a shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
