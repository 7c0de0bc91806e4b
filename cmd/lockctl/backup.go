package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/accesscodes/lockctl/config"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
)

// pathBackup is where the daemon gives its owner everything that it keeps, as one archive.
const pathBackup = "/v1/backup"

// backups answers the owner of the daemon with an archive of the store, as it is at one instant.
func (d *daemon) backups() map[string]http.Handler {
	return map[string]http.Handler{pathBackup: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "POST asks for a backup", http.StatusMethodNotAllowed)
			return
		}
		if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil { // it takes as long as it takes
			d.log.Warn("a backup may be cut off", "err", err)
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		n, err := store.Archive(w, func(fn func(store.KV) error) error { return d.store.Walk(r.Context(), fn) })
		if err != nil {
			d.log.Warn("a backup was not taken to its end", "err", err)
			panic(http.ErrAbortHandler) // so that it does not look whole
		}
		d.log.Info("a backup was made", "records", n)
	})}
}

// backup writes an archive of what is kept, from the daemon if one runs and else from its store.
func backup(a *app, args []string) (err error) {
	to := args[0]
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	recipient, note, err := a.recipient(dir)
	if err != nil {
		return err
	}
	out, keep, err := a.newFile(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keep(err == nil)) }()
	count := &counter{w: out, progress: progress{a: a, what: "KiB"}}
	sink := io.WriteCloser(nopCloser{count})
	if recipient != nil {
		if sink, err = age.Encrypt(count, recipient); err != nil {
			return err
		}
	}
	if err := a.archive(dir, sink); err != nil {
		return err
	}
	if err := sink.Close(); err != nil {
		return err
	}
	count.done()
	fmt.Fprintf(a.io.err, "%s: %d KiB%s\n", to, (count.n+1023)>>10, note)
	return nil
}

// recipient is whom a backup is encrypted for; nil: for nobody. The note says what is needed to read it.
func (a *app) recipient(dir string) (age.Recipient, string, error) {
	if a.on("plain") {
		return nil, ", not encrypted: it holds the digits of every code", nil
	}
	if key := a.text("recipient"); key != "" {
		r, err := age.ParseX25519Recipient(key)
		if err != nil {
			return nil, "", badInput("recipient: %q is no age public key, which begins with age1", clipped(key))
		}
		return r, ", encrypted for " + key, nil
	}
	path := identityFile(dir)
	id, err := readIdentity(path)
	if errors.Is(err, fs.ErrNotExist) {
		if id, err = age.GenerateX25519Identity(); err == nil {
			if err = os.MkdirAll(dir, 0o700); err == nil {
				err = os.WriteFile(path, []byte(id.String()+"\n"), 0o600)
			}
		}
	}
	if err != nil {
		return nil, "", err
	}
	return id.Recipient(), ", to be read with " + path + ": keep a copy of that file elsewhere", nil
}

func clipped(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// identityFile is the key of the backups of a data folder.
func identityFile(dir string) string { return filepath.Join(dir, "backup.key") }

func readIdentity(path string) (*age.X25519Identity, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, err := age.ParseX25519Identity(line)
		if err != nil {
			return nil, badInput("%s: holds no age private key, which begins with AGE-SECRET-KEY-1", path)
		}
		return id, nil
	}
	return nil, badInput("%s: holds no age private key, which begins with AGE-SECRET-KEY-1", path)
}

// archive writes the archive of the daemon of this data folder, or of the store that it would have.
func (a *app) archive(dir string, w io.Writer) error {
	socket := a.socket(dir)
	req, err := http.NewRequestWithContext(a.ctx, http.MethodPost, "http://lockctl"+pathBackup, nil)
	if err != nil {
		return err
	}
	client := overSocket(socket)
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if unheard(err) {
		return a.archiveStore(dir, w)
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return refused("the daemon serves a simulation, of which there are no backups")
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the daemon answered %s", resp.Status)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("the daemon did not give all of it: %w", err)
	}
	return nil
}

func (a *app) archiveStore(dir string, w io.Writer) (err error) {
	s, err := a.keptStore(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	_, err = store.Archive(w, func(fn func(store.KV) error) error { return s.Walk(a.ctx, fn) })
	return err
}

// keptStore opens the store of this data folder while no daemon has it. It must be there.
func (a *app) keptStore(dir string) (*badgerkv.Store, error) {
	conf, err := a.storeConf()
	if err != nil {
		return nil, err
	}
	path := cmp.Or(conf.Dir, filepath.Join(dir, "live"))
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil, refused("nothing is kept in %s yet", path)
	}
	if err != nil {
		return nil, err
	}
	return a.openLive(dir, conf, slog.New(slog.DiscardHandler))
}

// storeConf is where the configuration has the store.
func (a *app) storeConf() (config.Store, error) {
	path, err := a.configFile()
	if err != nil {
		return config.Store{}, err
	}
	c, err := a.configuration(path, a.registry())
	return c.Store, err
}

// restore puts a backup in the place of a store that is not there.
func restore(a *app, args []string) (err error) {
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	conf, err := a.storeConf()
	if err != nil {
		return err
	}
	place := cmp.Or(conf.Dir, filepath.Join(dir, "live"))
	left, err := os.ReadDir(place)
	if len(left) > 0 {
		return refused("%s is not empty: move it away first, and keep it until the backup has proven itself", place)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	in, err := os.Open(args[0])
	if err != nil {
		return inputError{err}
	}
	defer in.Close()
	src, err := a.decrypted(in, dir)
	if err != nil {
		return err
	}
	if a.on("dry-run") {
		return a.restores(conf, src, place)
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		return err
	}
	work := place + ".restoring"
	if err := os.RemoveAll(work); err != nil { // of an earlier try
		return err
	}
	conf.KeyFile = cmp.Or(conf.KeyFile, place+".key")
	fresh := conf
	fresh.Dir = work
	n, report, err := a.unpack(fresh, src)
	if err != nil {
		return errors.Join(err, os.RemoveAll(work))
	}
	if err := os.Remove(place); err != nil && !errors.Is(err, fs.ErrNotExist) { // it is empty
		return err
	}
	if err := os.Rename(work, place); err != nil {
		return err
	}
	fmt.Fprintf(a.io.out, "%d records are back in %s. Every lock is looked at before anything is done to it; codes that were made since the\n"+
		"backup stand on their locks as codes of somebody else: lockctl devices unmanaged lists them.\n", n, place)
	return restored(report)
}

// restores unpacks a backup where it is thrown away again, and says what would come of it.
func (a *app) restores(conf config.Store, src io.Reader, place string) (err error) {
	work, err := os.MkdirTemp("", "lockctl-restore-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	conf.Dir, conf.KeyFile = filepath.Join(work, "live"), filepath.Join(work, "live.key")
	n, report, err := a.unpack(conf, src)
	if err != nil {
		return err
	}
	a.say("would put %d records into %s", n, place)
	return restored(report)
}

// restored refuses to call a backup sound in which something is wrong.
func restored(report engine.Report) error {
	if len(report.Findings) > 0 {
		return refused("%d things are wrong with what was backed up: lockctl doctor says what", len(report.Findings)+report.More)
	}
	return nil
}

// decrypted reads a backup, whichever way it was written.
func (a *app) decrypted(in *os.File, dir string) (io.Reader, error) {
	title := make([]byte, len("age-encryption.org/"))
	if _, err := io.ReadFull(in, title); err != nil {
		return nil, badInput("%s: %w", in.Name(), store.ErrArchive)
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if string(title) != "age-encryption.org/" {
		return in, nil
	}
	path := cmp.Or(a.text("identity"), identityFile(dir))
	id, err := readIdentity(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, badInput("%s is encrypted, and its key is not in %s: give --identity FILE", in.Name(), path)
	}
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(in, id)
	if none := (*age.NoIdentityMatchError)(nil); errors.As(err, &none) {
		return nil, badInput("%s was encrypted for another key than that in %s", in.Name(), path)
	}
	if err != nil {
		return nil, badInput("%s: %w: %w", in.Name(), store.ErrArchive, err)
	}
	return r, nil
}

// unpack writes an archive into a new store and looks at what it holds.
func (a *app) unpack(conf config.Store, src io.Reader) (n int, report engine.Report, err error) {
	s, err := a.openLive("", conf, slog.New(slog.DiscardHandler))
	if err != nil {
		return 0, report, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p := &progress{a: a, what: "records"}
	defer p.done()
	if n, err = store.Unarchive(a.ctx, s, src, p.told); err != nil {
		if errors.Is(err, store.ErrArchive) {
			err = inputError{err}
		}
		return n, report, err
	}
	report, err = engine.Check(a.ctx, s, nil)
	return n, report, err
}

// newFile makes a file that only its owner can read, which appears under its name when it is kept: whole, or not at all. It
// never takes the place of another. "-" is standard output.
func (a *app) newFile(path string) (io.Writer, func(keep bool) error, error) {
	if path == "-" {
		return a.io.out, func(bool) error { return nil }, nil
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, nil, badInput("%s: is there already", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".lockctl-*") // mode 0600
	if err != nil {
		return nil, nil, inputError{err}
	}
	return f, func(keep bool) error {
		if !keep {
			return errors.Join(f.Close(), os.Remove(f.Name()))
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return errors.Join(err, os.Remove(f.Name()))
		}
		err := os.Link(f.Name(), path)
		return errors.Join(err, os.Remove(f.Name()))
	}, nil
}

// nopCloser is a writer that somebody else closes.
type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
