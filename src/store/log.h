// The log: one row of segment files that everything durable goes into first. Parts of letters as they arrive, from many
// letters at once, and the batches of the metadata store, each as a record behind the one before; one sync makes all of
// them durable. Format and crash argument: docs/formats/segments.md.
//
//   writing    append() and append_batch() put a record behind the last one; sync() makes durable all that was appended
//              before, and callers that wait for a running sync share the next one. A batch that names extents is
//              appended after them, so it is never there without them.
//   opening    the records behind the mark that the metadata store has on disk are read again, and their batches handed
//              over in order. What was acknowledged is among them. A torn end (what nobody was told about) is cut off;
//              damage before what was certainly synced is an error, Errc::corrupt, and nothing is skipped.
//   refusing   after a failed write or sync every later one is refused with Errc::read_only until the log is opened
//              anew. Space is taken a segment at a time, ahead; when it is short, appends get Errc::no_space before
//              anything is written, and may succeed later.
//
// Owned by the store. Thread-safe; all calls block: for the commit thread, the offload pool and tools. What is read may
// be removed meanwhile (remove(), by whoever reclaims space): a Pin keeps it readable.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "base/random.h"
#include "store/segment.h"

namespace chappe::store {

// Where a batch is in the log: what stands in the metadata store beside what the batch wrote, in the same write, so
// that what is there always knows how much of the log it holds.
struct LogMark {
  std::uint64_t log = 0;
  std::uint64_t sequence = 0;  // of the batch; 0: nothing yet
  Position end;                // behind it

  Bytes encode() const;
  static Result<LogMark> decode(ByteView octets);
  bool operator==(const LogMark&) const = default;
};

class Log {
 public:
  static constexpr std::uint32_t kMaxRecord = 128 * 1024 * 1024;
  static constexpr std::uint32_t kSmallestSegment = 4096;

  struct Options {
    Files* files = nullptr;                          // must outlive the log
    std::string folder;                              // made when missing
    std::uint32_t segment_size = 256 * 1024 * 1024;  // a segment is smaller where an eighth of the free space is
    std::uint32_t write_back = 4 * 1024 * 1024;      // after so many octets the disk is told to begin writing
    std::uint64_t reserve = 0;                       // free space that no new segment is taken from
    bool prepare_ahead = true;                       // on a thread of its own
    Random* random = &system_random();
  };
  // A batch that is found at opening. The log is not usable yet.
  using Replay = std::function<Result<void>(const LogMark& mark, ByteView batch)>;

  struct Counts {
    std::uint64_t records = 0, octets = 0, syncs = 0;  // since opening
    std::uint64_t segments = 0;                        // files
    std::uint64_t replayed = 0, replayed_octets = 0;   // batches, at opening
    std::uint64_t refused = 0;                         // octets of letters that were given up since opening
  };

  // `have`: how far the metadata store has come (sequence 0: it is new). Errors: corrupt, and those of Files.
  static Result<std::unique_ptr<Log>> open(Options options, LogMark have, const Replay& replay);
  // Seals; what was appended is synced. Errors are not told: opening anew finds what there is.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // --- writing. Errors: no_space, read_only, io (the first failure; then read_only), too_large (kMaxRecord).

  // A part of a letter. Whoever appends by hand, and not with a LetterWriter, sees to it that the segment stays.
  Result<Extent> append(const Identity& identity, std::uint32_t part, std::span<const ByteView> octets);
  Result<LogMark> append_batch(std::span<const ByteView> octets);
  Result<void> sync();

  // --- reading

  // Keeps what stands in one segment readable.
  class Pin {
   public:
    // All of it, checked and unpacked. Errors: corrupt, io.
    Result<Chunk> read(const Extent& extent) const;

   private:
    friend class Log;
    std::shared_ptr<const File> file_;
  };
  // Errors: not_found (no such segment, or no more).
  Result<Pin> pin(std::uint32_t segment) const;
  // Pins and reads. When the answer is not_found, the letter was moved: look into its row again.
  Result<Chunk> read(const Extent& extent) const;

  // --- reclaiming

  struct Segment {
    std::uint32_t number = 0;
    std::uint32_t end = 0;   // of its records
    std::uint64_t size = 0;  // of its file
    bool closed = false;     // nothing is written to it any more
    bool old = false;        // opening does not need it
    bool removable = false;  // nor a letter on its way
  };
  // Oldest first, the one that is written to last.
  std::vector<Segment> segments() const;
  // What a segment that is no more written to holds, batches too.
  Result<std::vector<IndexEntry>> index(std::uint32_t segment) const;
  // The metadata store has everything up to here on disk: older batches are not needed any more.
  void set_applied(const LogMark& mark);
  // Octets of the log behind that: what opening would have to go through.
  std::uint64_t unapplied() const;
  // Errors: busy (it is written to, needed for opening, or a letter on its way is in it), not_found, io.
  Result<void> remove(std::uint32_t segment);
  // While it lives nothing can be removed. Must not outlive the log.
  class Hold {
   public:
    explicit Hold(Log& log) : log_(log) { log_.hold(0); }
    ~Hold() { log_.let_go(0, 0); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Log& log_;
  };

  // Whether so many octets more would leave the disk its reserve: Errc::no_space if not.
  Result<void> room(std::uint64_t octets) const;
  bool read_only() const;
  Counts counts() const;
  std::uint64_t id() const { return id_; }

 private:
  friend class LetterWriter;
  class Opening;
  struct Open {
    std::shared_ptr<File> file;
    SegmentHeader header;
  };
  using Guard = std::unique_lock<std::mutex>;

  explicit Log(Options options) : options_(std::move(options)) {}
  std::string path(std::uint32_t number) const;
  Result<Position> append_record(RecordKind kind, const Identity& identity, std::uint32_t part,
                                 std::span<const ByteView> octets, std::uint32_t size, std::uint32_t check,
                                 std::uint64_t* sequence);
  Result<void> make_space(Guard& lock, std::uint32_t total);
  bool fits(std::uint32_t total) const;
  Result<void> begin_segment(std::uint32_t number, Position previous_end, std::uint32_t need);
  Result<void> seal();
  // Makes the file that the next segment will be.
  Result<std::shared_ptr<File>> prepare(std::uint32_t number, std::uint32_t need) const;
  std::uint32_t least_size(std::uint32_t record) const;
  void prepare_loop();
  std::unexpected<Error> broken(const Error& why);
  Result<std::shared_ptr<const File>> file_of(std::uint32_t number) const;
  // Letters on their way, each by the segment that was written to when it began.
  std::uint32_t hold();
  void hold(std::uint32_t segment);
  void let_go(std::uint32_t segment, std::uint64_t refused);

  const Options options_;
  std::unique_ptr<Files::Lock> lock_;
  std::uint64_t id_ = 0;

  mutable std::mutex mutex_;  // guards what follows; held while a record is written, not while one is synced
  bool broken_ = false;
  Open active_;
  std::uint64_t capacity_ = 0;  // of the active file
  std::uint32_t offset_ = 0;    // where the next record goes
  std::uint64_t next_ = 1;      // its number
  std::uint64_t durable_ = 1;   // all before it are synced
  std::uint32_t written_back_ = 0;
  std::vector<IndexEntry> entries_;  // of the active segment
  struct Old {
    SegmentHeader header;
    std::uint32_t end = 0;
    std::uint64_t size = 0;
    std::shared_ptr<const File> file;  // while it is open
    std::uint64_t used = 0;            // when, for closing the one that was not used for longest
  };
  mutable std::map<std::uint32_t, Old> old_;
  mutable std::uint64_t uses_ = 0;
  std::multiset<std::uint32_t> on_their_way_;
  LogMark applied_;
  Counts counts_;

  bool syncing_ = false;
  std::condition_variable synced_;

  std::shared_ptr<File> spare_;  // made ahead, with the number behind the active one's
  std::uint64_t spare_capacity_ = 0;
  bool want_spare_ = false;
  bool stopping_ = false;
  std::condition_variable prepare_;
  std::thread preparer_;
};

// A letter on its way into the log: octets as they come, cut into extents. What has been written of a letter that is
// given up is counted as garbage. One owner at a time, any thread; its calls block. Must not outlive the log.
class LetterWriter {
 public:
  static constexpr std::uint32_t kExtent = 256 * 1024;

  // `pack`: extents are stored packed (zstd) where that saves an eighth at least.
  LetterWriter(Log& log, Identity identity, bool pack = false) : log_(log), identity_(identity), pack_(pack) {}
  ~LetterWriter();
  LetterWriter(const LetterWriter&) = delete;
  LetterWriter& operator=(const LetterWriter&) = delete;

  // Writes full extents, and keeps the rest (shares the buffers).
  Result<void> append(ChunkList octets);
  // Writes the rest. The letter is durable with the next sync. The extents stay safe from being reclaimed until this
  // object goes: keep it until the batch that names them has been appended.
  Result<const std::vector<Extent>*> finish();
  // A batch names them: they are not garbage.
  void kept() { kept_ = true; }

 private:
  Result<void> write(const ChunkList& octets);

  Log& log_;
  const Identity identity_;
  const bool pack_;
  ChunkList rest_;
  std::vector<Extent> extents_;
  std::uint32_t held_ = 0;  // no segment from this one on is removed
  bool kept_ = false;
};

}  // namespace chappe::store
