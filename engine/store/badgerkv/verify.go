package badgerkv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"
	"github.com/dgraph-io/ristretto/v2"
	"github.com/dgraph-io/ristretto/v2/z"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
)

// mapped runs fn, which reads mapped files. A page that the disk can't give is then an error and not the end of the process.
func mapped(dir string, fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if _, fault := r.(interface{ Addr() uintptr }); !fault {
			panic(r)
		}
		err = &DiskError{dir, errors.New("a page that was written can't be read")}
	}()
	return fn()
}

// verify reads the files of dir before Badger does, and changes nothing. Badger must not be the first to find them damaged:
// it ends the process at a shortened table, leaves a table out whose index is damaged, deletes the tables that its manifest
// has lost, and takes a block that it cannot read for the absence of its records.
func verify(dir string, o badger.Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &DamagedError{dir, fmt.Errorf("%s can't be read", badger.ManifestFilename)}
		}
	}()
	manifest, err := readManifest(dir, o)
	if err != nil {
		return openError(dir, err)
	}
	if manifest == nil {
		return nil
	}
	keys, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: dir, ReadOnly: true, EncryptionKey: o.EncryptionKey})
	if err != nil {
		return openError(dir, err)
	}
	indexes, err := ristretto.NewCache(&ristretto.Config[uint64, *fb.TableIndex]{NumCounters: 1000, MaxCost: 8 << 20, BufferItems: 64})
	if err != nil {
		return err
	}
	defer indexes.Close()
	// All processors read: a fleet of a hundred thousand locks waits for this at each start. The first table that is bad is
	// told, whichever was read first.
	ids := slices.Sorted(maps.Keys(manifest.Tables))
	found := make([]error, len(ids))
	var readers errgroup.Group
	readers.SetLimit(runtime.GOMAXPROCS(0))
	for i, id := range ids {
		readers.Go(func() error {
			found[i] = verifyListed(dir, id, manifest.Tables[id], keys, table.Options{
				BlockSize:  o.BlockSize,
				ChkMode:    options.OnTableRead,
				IndexCache: indexes,
			})
			return nil
		})
	}
	_ = readers.Wait() // each keeps its own
	for i, err := range found {
		if disk := (*DiskError)(nil); errors.As(err, &disk) {
			return disk
		}
		if err != nil {
			return openError(dir, fmt.Errorf("%s: %w", filepath.Base(table.NewFilename(ids[i], dir)), err))
		}
	}
	return nil
}

// verifyListed verifies a table that the manifest lists.
func verifyListed(dir string, id uint64, entry badger.TableManifest, keys *badger.KeyRegistry, o table.Options) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("can't be read")
		}
	}()
	if o.DataKey, err = keys.DataKey(entry.KeyID); err != nil {
		return err
	}
	o.Compression = entry.Compression
	return mapped(dir, func() error { return verifyTable(table.NewFilename(id, dir), o) })
}

// readManifest reads the list of tables; it is nil in a directory that never held any.
func readManifest(dir string, o badger.Options) (*badger.Manifest, error) {
	f, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		for _, kind := range []string{"*.sst", "*.mem"} {
			if left, err := filepath.Glob(filepath.Join(dir, kind)); err != nil || len(left) > 0 {
				return nil, fmt.Errorf("%s is missing", badger.ManifestFilename)
			}
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, _, err := badger.ReplayManifestFile(f, o.ExternalMagicVersion, o)
	if err != nil {
		// Badger takes a disk that can't be read for a bad file.
		if _, unread := io.Copy(io.Discard, io.NewSectionReader(f, 0, 1<<62)); unread != nil {
			err = unread
		}
		return nil, fmt.Errorf("%s: %w", badger.ManifestFilename, err)
	}
	return &m, nil
}

// dropUnborn removes logs that are empty, to the last byte: a crash came between making the file and giving it a size, when
// nothing could have been written to it yet. Badger would not open.
func dropUnborn(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".mem" && ext != ".vlog" {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if info.Size() == 0 {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// discardName is the file of Badger's statistics of the value log, and discardSize its size at first, in bytes.
const (
	discardName = "DISCARD"
	discardSize = 1 << 20
)

// makeDiscard makes the file of statistics, if there is none or only a part. Badger would end the process if it could not, and when the disk
// is full by the time it writes there.
func makeDiscard(dir string) (err error) {
	f, err := os.OpenFile(filepath.Join(dir, discardName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil || info.Size() >= discardSize {
		return err
	}
	_, err = f.WriteAt(make([]byte, discardSize-info.Size()), info.Size())
	return err
}

// verifyTable checks the index of a table and every block of it against their checksums.
func verifyTable(path string, o table.Options) error {
	f, err := z.OpenMmapFile(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	if err := verifyIndex(f.Data); err != nil {
		return errors.Join(err, f.Close(-1)) // -1: as long as it is
	}
	t, err := table.OpenTable(f, o)
	if err != nil {
		return err
	}
	return t.Close(-1)
}

// verifyIndex checks the end of a table: index, size of the index, checksum of the index, size of the checksum. It has to be
// our own, because at a size that is beyond the file Badger ends the process.
func verifyIndex(file []byte) error {
	cut := func(size uint32) []byte { // takes size bytes off the end; nil if there are fewer
		if uint64(size) > uint64(len(file)) {
			return nil
		}
		end := file[len(file)-int(size):]
		file = file[:len(file)-int(size)]
		return end
	}
	part := func() []byte { // takes off a part and the size behind it
		size := cut(4)
		if size == nil {
			return nil
		}
		return cut(binary.BigEndian.Uint32(size))
	}
	sum, index := part(), part()
	if len(sum) == 0 || len(index) == 0 {
		return errors.New("cut short")
	}
	var want pb.Checksum
	if err := proto.Unmarshal(sum, &want); err != nil {
		return fmt.Errorf("checksum: %w", err)
	}
	return y.VerifyChecksum(index, &want)
}
