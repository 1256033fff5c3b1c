#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "base/quote.h"
#include "base/text.h"

namespace chappe {
namespace {

constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error"};

constinit EventRow* listed_events = nullptr;

const Event kDropped("log.dropped", Level::warning, {"lines"},
                     "Lines were lost because they came faster than they could be written. The disk or the reader of "
                     "the log is too slow, or the level is too low for this load.");

// Whether a value may stand in logfmt without quotes.
bool is_bare(std::string_view s) {
  return !s.empty() &&
         std::ranges::all_of(s, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\'; });
}

class FdSink : public LogSink {
 public:
  explicit FdSink(int fd) : fd_(fd) {}
  // What the system does not take is lost: there is nowhere left to say so.
  void write(std::string_view lines) override {
    while (!lines.empty()) {
      const ssize_t n = ::write(fd_, lines.data(), lines.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return;
      lines.remove_prefix(static_cast<std::size_t>(n));
    }
  }

 protected:
  int fd_;
};

class FileSink final : public FdSink {
 public:
  FileSink(int fd, std::string path) : FdSink(fd), path_(std::move(path)) {}
  ~FileSink() override { ::close(fd_); }
  static int open(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  }
  // Keeps the old file when the new one cannot be opened.
  void reopen() override {
    const int fd = open(path_);
    if (fd < 0) return;
    ::close(fd_);
    fd_ = fd;
  }

 private:
  std::string path_;
};

}  // namespace

std::string_view level_name(Level level) { return kLevelNames[static_cast<int>(level)]; }

std::optional<Level> level_from(std::string_view name) {
  for (int i = 0; i < 4; ++i)
    if (kLevelNames[i] == name) return static_cast<Level>(i);
  return std::nullopt;
}

const EventRow* first_event() { return listed_events; }

void list_event(EventRow& row) {
  row.next = listed_events;
  listed_events = &row;
}

LogLine::LogLine(LogFormat format, Time time, const EventRow& event) : format_(format) {
  out_ = format_ == LogFormat::json ? "{\"time\":\"" : "time=";
  out_ += to_rfc3339(time);
  if (format_ == LogFormat::json) out_ += '"';
  add("level", level_name(event.level));
  add("event", event.id);
}

void LogLine::key(std::string_view name) {
  if (format_ == LogFormat::json) {
    out_ += ",\"";
    out_ += name;
    out_ += "\":";
  } else {
    out_ += ' ';
    out_ += name;
    out_ += '=';
  }
}

void LogLine::raw(std::string_view name, std::string_view value) {
  key(name);
  out_ += value;
}

void LogLine::add(std::string_view name, std::string_view text) {
  key(name);
  std::string cut;
  if (text.size() > kMaxText) {
    std::size_t end = kMaxText;
    while (end > kMaxText - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // no half character
    cut = std::string(text.substr(0, end)) + "…";
    text = cut;
  }
  if (format_ == LogFormat::logfmt && is_bare(text)) {
    out_ += text;
  } else {
    append_quoted(out_, text);
  }
}

void LogLine::add(std::string_view name, double value) {
  raw(name, std::isfinite(value) ? fmt::format("{}", value) : "null");
}

void LogLine::add(std::string_view name, Duration value) {
  raw(name, fmt::format("{:.3f}", static_cast<double>(value.count()) / 1000.0));
}

std::string LogLine::take() && {
  out_ += format_ == LogFormat::json ? "}\n" : "\n";
  return std::move(out_);
}

std::unique_ptr<LogSink> stderr_sink() { return std::make_unique<FdSink>(STDERR_FILENO); }

Result<std::unique_ptr<LogSink>> file_sink(const std::string& path) {
  const int fd = FileSink::open(path);
  if (fd < 0) return fail(Errc::config, "cannot open the log file {}: {}", path, std::strerror(errno));
  return std::make_unique<FileSink>(fd, path);
}

Log::Log(std::unique_ptr<LogSink> sink, Options options, Clock& clock)
    : options_(options),
      clock_(clock),
      sink_(std::move(sink)),
      level_(options.level),
      ring_(std::max<std::size_t>(options.ring_lines, 1)) {
  for (std::size_t i = 0; i < ring_.size(); ++i) ring_[i].turn.store(2 * i, std::memory_order_relaxed);
  thread_ = std::thread([this] { run(); });
}

Log::~Log() {
  stop_.store(true, std::memory_order_release);
  wake();
  thread_.join();
}

void Log::wake() {
  signal_.fetch_add(1, std::memory_order_release);
  signal_.notify_one();
}

// Ticket t uses slot t % size. The slot's turn is 2t when it is free for t, 2t+1 when t's line is in it.
void Log::push(std::string line) {
  std::uint64_t ticket = tail_.load(std::memory_order_relaxed);
  for (;;) {
    Slot& slot = ring_[ticket % ring_.size()];
    const std::uint64_t turn = slot.turn.load(std::memory_order_acquire);
    if (turn == 2 * ticket) {
      if (!tail_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_relaxed)) continue;
      slot.line = std::move(line);
      slot.turn.store(2 * ticket + 1, std::memory_order_release);
      wake();
      return;
    }
    if (turn < 2 * ticket) {  // still holds the line of one round before
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    ticket = tail_.load(std::memory_order_relaxed);
  }
}

bool Log::pop(std::string& out) {
  Slot& slot = ring_[head_ % ring_.size()];
  if (slot.turn.load(std::memory_order_acquire) != 2 * head_ + 1) return false;
  out += slot.line;
  slot.line = std::string();
  slot.turn.store(2 * (head_ + ring_.size()), std::memory_order_release);
  ++head_;
  return true;
}

void Log::run() {
  constexpr std::size_t kBatch = 64 * 1024;
  std::uint64_t told = 0;
  for (;;) {
    const std::uint32_t signal = signal_.load(std::memory_order_acquire);
    const bool stopping = stop_.load(std::memory_order_acquire);
    std::string batch;
    std::uint64_t lines = 0;
    while (batch.size() < kBatch && pop(batch)) ++lines;
    if (const std::uint64_t dropped = dropped_.load(std::memory_order_relaxed); dropped != told) {
      LogLine line(options_.format, clock_.now(), kDropped.row());
      line.add("lines", dropped - told);
      batch += std::move(line).take();
      told = dropped;
    }
    if (reopen_.exchange(false))
      sink_->reopen();  // after the lines were taken: none that came later meets the old file
    if (!batch.empty()) {
      sink_->write(batch);
      written_.fetch_add(lines, std::memory_order_release);
      written_.notify_all();
    } else if (stopping) {
      return;
    } else {
      signal_.wait(signal, std::memory_order_acquire);
    }
  }
}

void Log::reopen() {
  reopen_.store(true);
  wake();
}

void Log::flush() {
  const std::uint64_t until = tail_.load(std::memory_order_acquire);
  for (;;) {
    const std::uint64_t written = written_.load(std::memory_order_acquire);
    if (written >= until) return;
    written_.wait(written, std::memory_order_acquire);
  }
}

class CaptureLog::Sink final : public LogSink {
 public:
  explicit Sink(std::shared_ptr<Store> store) : store_(std::move(store)) {}
  void write(std::string_view lines) override {
    std::lock_guard lock(store_->mutex);
    store_->text += lines;
  }

 private:
  std::shared_ptr<Store> store_;
};

CaptureLog::CaptureLog(LogFormat format, Level level, Clock& clock) : store_(std::make_shared<Store>()) {
  log_ = std::make_unique<Log>(std::make_unique<Sink>(store_), Log::Options{.format = format, .level = level}, clock);
}

std::vector<std::string> CaptureLog::lines() {
  log_->flush();
  std::lock_guard lock(store_->mutex);
  std::vector<std::string> out;
  for (const auto line : split(store_->text, '\n')) out.emplace_back(line);
  out.pop_back();  // what follows the last line end
  return out;
}

std::size_t CaptureLog::count(std::string_view event_id) {
  const std::string logfmt = " event=" + std::string(event_id), json = "\"event\":\"" + std::string(event_id) + "\"";
  const auto all = lines();
  return static_cast<std::size_t>(std::ranges::count_if(all, [&](const std::string& line) {
    const auto at = line.find(logfmt);
    if (at != std::string::npos) return at + logfmt.size() == line.size() || line[at + logfmt.size()] == ' ';
    return line.find(json) != std::string::npos;
  }));
}

}  // namespace chappe
