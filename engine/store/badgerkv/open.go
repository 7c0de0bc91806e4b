package badgerkv

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sys/unix"

	"github.com/accesscodes/lockctl/engine/store"
)

const (
	// KeySize is the size of an encryption key, in bytes.
	KeySize = 32
	// memTable is the smallest memtable that takes the largest commit: Badger bounds one to 15 % of it. While one is written to a table,
	// three times as much again is in use.
	memTable = 11 << 20
	// largestLog bounds what is believed of the size of a log that a crash has left.
	largestLog = 64 << 20
	// tableSize is that of the tables of every level. A compaction makes up to ten of them at once, and each takes up to 14 times its
	// size meanwhile: as it is read, compressed, encrypted, and room for more. Badger would let tables grow to 8 MiB.
	tableSize = 1 << 20
	// blockSize is that of the blocks of a table, each of which is read, checked, decrypted and unpacked as a whole. Badger's 4 KiB make four
	// times as many, and as many entries in the tables' indexes: against them building tables costs an eighth less, reading one record no
	// more, opening a store two thirds, and it takes five sixths of the room.
	blockSize = 16 << 10
	// minFree must be left on the disk before a commit: the rest of a memtable's log and the table it is written to.
	minFree = 2 * memTable
)

// Options tell where and how to open a store.
type Options struct {
	Dir      string       // made if absent, and closed to other users (mode 0700) even if not
	Key      []byte       // KeySize bytes; nil: no encryption
	Sync     bool         // each commit is on the disk when it returns; without it a power cut loses the latest
	InMemory bool         // no directory: everything is gone at Close
	Logger   *slog.Logger // of Badger's own messages; nil: they are dropped
}

// Open opens the store in o.Dir, or makes one. Its errors are *InUseError, *KeyError, *DamagedError, *FullError, *DiskError, or
// of the operating system. It reads every table once to be sure of it, at several hundred megabytes a second.
func Open(o Options) (*Store, error) {
	if len(o.Key) != 0 && len(o.Key) != KeySize {
		return nil, fmt.Errorf("open store: key: %d bytes, want %d", len(o.Key), KeySize)
	}
	if o.InMemory {
		if o.Dir != "" {
			return nil, errors.New("open store: dir: a store in memory has none")
		}
		return open(o, nil)
	}
	if o.Dir == "" {
		return nil, errors.New("open store: dir: missing")
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, systemError(o.Dir, err, err)
	}
	s, err := open(o, lock)
	if err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return s, nil
}

// open opens Badger in a directory that is ours, or in memory.
func open(o Options, lock *dirLock) (*Store, error) {
	settings := settings(o)
	if lock != nil {
		if err := verify(o.Dir, settings); err != nil {
			return nil, err
		}
		err := errors.Join(dropUnborn(o.Dir), makeDiscard(o.Dir))
		if err == nil {
			settings.MemTableSize, err = memTableOf(o.Dir)
		}
		if err != nil {
			return nil, openError(o.Dir, err)
		}
	}
	db, err := openBadger(settings)
	if err != nil {
		var disk *DiskError // that failed since it was verified; Badger takes that for damage
		if lock != nil && errors.As(verify(o.Dir, settings), &disk) {
			return nil, disk
		}
		return nil, openError(o.Dir, err)
	}
	s := &Store{db: db, lock: lock, guards: map[string]store.Rev{}, commit: (*badger.Txn).Commit}
	err = db.View(func(txn *badger.Txn) (err error) {
		s.rev, err = revisionAt(txn, []byte(revisionKey))
		return err
	})
	if err == nil && lock != nil {
		s.free = func() (uint64, error) { return freeBytes(o.Dir) }
		var noted store.Rev
		if noted, err = lock.noted(); err == nil && s.rev < noted {
			err = fmt.Errorf("it holds revision %d but had reached %d", s.rev, noted)
		}
	}
	if err != nil {
		return nil, errors.Join(&DamagedError{o.Dir, err}, db.Close())
	}
	return s, nil
}

// settings sizes Badger down to what codes for locks need; its defaults are for a server of its own.
func settings(o Options) badger.Options {
	b := badger.DefaultOptions(o.Dir).
		WithInMemory(o.InMemory).
		WithSyncWrites(o.Sync).
		WithDetectConflicts(false). // there is one writer
		WithMemTableSize(memTable).
		WithNumMemtables(2).
		WithBaseTableSize(tableSize).
		WithBlockSize(blockSize).
		WithNumLevelZeroTables(2).
		WithNumLevelZeroTablesStall(4).
		WithNumCompactors(2).
		WithValueLogFileSize(16 << 20). // all but empty: values up to 1 MiB stand beside their keys
		WithBlockCacheSize(8 << 20).
		WithIndexCacheSize(8 << 20).
		WithCompactL0OnClose(true).
		WithMetricsEnabled(false).
		WithLogger(nil)
	b.TableSizeMultiplier = 1
	if len(o.Key) > 0 {
		b = b.WithEncryptionKey(o.Key)
	}
	if o.Logger != nil {
		b = b.WithLogger(logger{o.Logger})
	}
	return b
}

// memTableOf is how large the memtables of the store in dir must be: a log that a crash has left is read into one, and Badger ends the
// process where it does not fit. A log of ours has twice the size of its memtable; one of another size, by an earlier version or cut
// off where it was read before, may be full of records.
func memTableOf(dir string) (int64, error) {
	size := int64(memTable)
	logs, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	for _, log := range logs {
		info, err := os.Stat(log)
		if err != nil {
			return 0, err
		}
		if info.Size() != 2*memTable {
			size = max(size, min(info.Size(), largestLog))
		}
	}
	return size, err
}

// openBadger opens Badger; a panic of it, which damaged files can cause, becomes an error.
func openBadger(o badger.Options) (db *badger.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, fmt.Errorf("open: %v", r)
		}
	}()
	return badger.Open(o)
}

// freeBytes is how much room the disk of dir has for us.
func freeBytes(dir string) (uint64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return uint64(fs.Bavail) * uint64(fs.Bsize), nil
}

// logger hands Badger's messages to slog, its gossip as debug.
type logger struct{ log *slog.Logger }

func (l logger) Errorf(f string, a ...any)   { l.log.Error(line(f, a)) }
func (l logger) Warningf(f string, a ...any) { l.log.Warn(line(f, a)) }
func (l logger) Infof(f string, a ...any)    { l.log.Debug(line(f, a)) }
func (l logger) Debugf(f string, a ...any)   { l.log.Debug(line(f, a)) }

func line(f string, a []any) string { return "badger: " + strings.TrimSpace(fmt.Sprintf(f, a...)) }
