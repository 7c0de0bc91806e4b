// Package config reads lockctl.toml: without it a daemon would not know its accounts, its listeners and its policies. Every
// mistake is a sentence at its place in the file, and what is not right as a whole is not taken at all. Secrets stand
// elsewhere: the file says where.
package config

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"github.com/accesscodes/lockctl/driver/provider"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// Bounds of a configuration.
const (
	MaxBytes    = 1 << 20
	MaxAccounts = 1000
	MaxDevices  = 10000
)

// Config is a configuration that was found right.
type Config struct {
	Path     string // "": the embedded one
	API      API
	Webhooks Webhooks
	Metrics  Metrics
	Store    Store
	Log      Log
	Policy   engine.PolicyPatch
	Accounts []Account // in the order of the file
	Devices  []Device
}

// API says where programs are answered, besides the daemon's own socket.
type API struct {
	Listen          string // an address for TCP; "": the socket alone
	TLSCert, TLSKey string // paths; both or neither
	Unlimited       bool   // without the documented limits per device
	Name            string // of the workspace
}

// Webhooks says where vendors' posts arrive.
type Webhooks struct {
	Listen string // an address; "": nowhere
	URL    string // under which the vendors reach it
}

// Metrics says where measurements are read, besides the daemon's own socket.
type Metrics struct{ Listen string }

// Store says where the state is kept.
type Store struct {
	Dir     string // "": below the data folder
	KeyFile string // "": beside the directory
	Plain   bool   // not encrypted
}

// Log says what is logged.
type Log struct {
	Level slog.Level
	JSON  bool
}

// Account is one login at one provider.
type Account struct {
	ID       lock.AccountID
	Provider string
	Width    int     // calls at once; 0: the host's own bound
	Rate     float64 // calls a second; 0: unbounded
	Burst    int
	Texts    map[string]string
	Wholes   map[string]int64
	Secrets  map[string]Secret
	Policy   engine.PolicyPatch
}

// Device is what is decided about one device.
type Device struct {
	ID     lock.DeviceID
	Policy engine.PolicyPatch
}

// Embedded is the configuration of who has none: one account of simulated locks.
func Embedded() Config {
	return Config{
		API:      API{Name: "lockctl"},
		Accounts: []Account{{ID: "demo", Provider: "sim", Texts: map[string]string{}, Wholes: map[string]int64{}, Secrets: map[string]Secret{}}},
	}
}

// Load reads the file at path. The error is strict.Diagnostics where the file is wrong, and another where it can't be read.
func Load(path string, known provider.Registry) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return Config{}, err
	}
	return Decode(path, data, known)
}

// LoadOr reads the file at path, or returns the embedded configuration where there is no file.
func LoadOr(path string, known provider.Registry) (Config, error) {
	c, err := Load(path, known)
	if errors.Is(err, fs.ErrNotExist) {
		return Embedded(), nil
	}
	return c, err
}
