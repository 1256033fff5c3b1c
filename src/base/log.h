// The log: one event, one line, as logfmt or JSON.
//
// What can be logged is declared where it happens, once, with its level, its fields and a paragraph for the operator:
//
//   inline const Event kAccepted("smtp.accepted", Level::info, {"session", "letter", "size"},
//                                "A letter was taken: it is on disk, and its sender was told 250.");
//   log.event(kAccepted, session.id(), letter, size);
//
// The compiler checks that each field gets one value; every Event that is linked into the program lists itself for the
// manual (first_event). There is no way to log a crypto::Secret, nor anything else that is not listed below.
//
// event() may be called from any thread and never blocks: it writes the line into a bounded ring, which a thread of the
// Log's own empties into its sink. When the ring is full the line is dropped and counted, and the count is logged.
#pragma once

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"

namespace chappe {

enum class Level : std::uint8_t { debug, info, warning, error };
std::string_view level_name(Level level);
std::optional<Level> level_from(std::string_view name);

// A row of the table of events. Lives for ever, is never copied.
struct EventRow {
  std::string_view id;  // "smtp.accepted": who.what
  Level level;
  std::string_view manual;  // what it means and what to do about it, for the operator
  std::span<const std::string_view> fields;
  const EventRow* next = nullptr;
};

// The events of this program, in no order; follow `next`.
const EventRow* first_event();

// Adds a row to what first_event() begins. Called while the program starts, by the constructor below.
void list_event(EventRow& row);

template <std::size_t N>
class Event {
 public:
  Event(std::string_view id, Level level, const char* const (&fields)[N], std::string_view manual)
      : row_{id, level, manual, {}} {
    for (std::size_t i = 0; i < N; ++i) fields_[i] = fields[i];
    row_.fields = fields_;
    list_event(row_);
  }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  const EventRow& row() const { return row_; }

 private:
  std::array<std::string_view, N> fields_;
  EventRow row_;
};

enum class LogFormat : std::uint8_t { logfmt, json };

// Builds one line. A field whose value is an empty optional is left out.
class LogLine {
 public:
  // Longer texts are cut there and end with "…".
  static constexpr std::size_t kMaxText = 1024;

  LogLine(LogFormat format, Time time, const EventRow& event);

  void add(std::string_view name, std::string_view text);
  void add(std::string_view name, const char* text) { add(name, std::string_view(text)); }
  void add(std::string_view name, const std::string& text) { add(name, std::string_view(text)); }
  void add(std::string_view name, double value);
  void add(std::string_view name, Time value) { add(name, to_rfc3339(value)); }
  void add(std::string_view name, Duration value);  // in milliseconds, with three decimals
  void add(std::string_view name, const Error& value) { add(name, value.describe()); }
  template <std::integral T>
  void add(std::string_view name, T value) {
    raw(name, fmt::format("{}", value));  // true and false as words
  }
  template <class T>
  void add(std::string_view name, T* value) = delete;  // would pass for a number
  template <class T>
  void add(std::string_view name, const std::optional<T>& value) {
    if (value) add(name, *value);
  }

  // The line with its end; the LogLine is done with.
  std::string take() &&;

 private:
  void raw(std::string_view name, std::string_view value);
  void key(std::string_view name);

  LogFormat format_;
  std::string out_;
};

// Whether a value of type T can stand in a log line.
template <class T>
concept Loggable = requires(LogLine& line, const T& value) { line.add("", value); };

// Where lines go. Called by the Log's own thread, one call at a time.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // Whole lines, each with its "\n". May block.
  virtual void write(std::string_view lines) = 0;
  // The file was renamed; open the name again.
  virtual void reopen() {}
};

std::unique_ptr<LogSink> stderr_sink();
// Appends to the file, made with mode 0640 if need be. Errc::config when it cannot be opened.
Result<std::unique_ptr<LogSink>> file_sink(const std::string& path);

class Log {
 public:
  static constexpr std::size_t kRingLines = 8192;

  struct Options {
    LogFormat format = LogFormat::logfmt;
    Level level = Level::info;  // less than this is not written
    std::size_t ring_lines = kRingLines;
  };

  // The clock must outlive the Log.
  Log(std::unique_ptr<LogSink> sink, Options options, Clock& clock = system_clock());
  // Writes what is left.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  template <std::size_t N, Loggable... Values>
  void event(const Event<N>& event, const Values&... values) {
    static_assert(sizeof...(Values) == N, "an event takes one value for each of its fields");
    const EventRow& row = event.row();
    if (!wants(row.level)) return;
    LogLine line(options_.format, clock_.now(), row);
    std::size_t i = 0;
    (line.add(row.fields[i++], values), ...);
    push(std::move(line).take());
  }

  bool wants(Level level) const { return level >= level_.load(std::memory_order_relaxed); }
  void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }
  // Opens the file anew before the next line is written (SIGHUP; not from the signal handler itself).
  void reopen();
  // Blocks until what was logged before is with the sink.
  void flush();
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Slot {
    std::atomic<std::uint64_t> turn;
    std::string line;
  };

  void push(std::string line);
  void run();
  bool pop(std::string& out);
  void wake();

  Options options_;
  Clock& clock_;
  std::unique_ptr<LogSink> sink_;
  std::atomic<Level> level_;
  // A ring for many writers and one reader: slot i is free for the writer whose ticket equals its turn, and full for
  // the reader when its turn is one more.
  std::vector<Slot> ring_;
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  alignas(64) std::uint64_t head_ = 0;  // only the thread's own
  alignas(64) std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint32_t> signal_{0};
  std::atomic<bool> reopen_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// For tests: keeps the lines instead of writing them.
class CaptureLog {
 public:
  explicit CaptureLog(LogFormat format = LogFormat::logfmt, Level level = Level::debug, Clock& clock = system_clock());
  Log& log() { return *log_; }
  // Every line logged so far, without line ends.
  std::vector<std::string> lines();
  // How often that event was logged.
  std::size_t count(std::string_view event_id);

 private:
  struct Store {
    std::mutex mutex;
    std::string text;
  };
  class Sink;
  std::shared_ptr<Store> store_;
  std::unique_ptr<Log> log_;
};

}  // namespace chappe
