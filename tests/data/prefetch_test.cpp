#include "evenkeel/data/prefetch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace evenkeel {
namespace {

TEST(Prefetcher, GivesItemsInTheOrderOfFilling) {
  Prefetcher<int> items({}, [n = 0](int& item) mutable { item = n++; });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(items.next(), i);
}

TEST(Prefetcher, LeavesTheItemInUseAlone) {
  std::latch ahead(3);
  int n = 0;
  Prefetcher<int> items({}, [&](int& item) {
    item = n++;
    if (n <= 3) ahead.count_down();
  });
  const int& first = items.next();
  ahead.wait();
  EXPECT_EQ(first, 0);
}

TEST(Prefetcher, FillsNoMoreThanTheThreeSlots) {
  std::atomic<int> filled = 0;
  {
    std::latch full(3);
    Prefetcher<int> items({}, [&](int&) {
      ++filled;
      full.count_down();
    });
    full.wait();
  }
  EXPECT_EQ(filled, 3);
}

TEST(Prefetcher, GivesWhatWasFilledBeforeAFailure) {
  Prefetcher<int> items({}, [n = 0](int& item) mutable {
    if (n == 2) throw std::runtime_error("no more");
    item = n++;
  });
  EXPECT_EQ(items.next(), 0);
  EXPECT_EQ(items.next(), 1);
  EXPECT_THROW(items.next(), std::runtime_error);
}

TEST(Prefetcher, RethrowsAFailureAtEveryCall) {
  Prefetcher<int> items({}, [](int&) { throw std::runtime_error("nothing"); });
  EXPECT_THROW(items.next(), std::runtime_error);
  EXPECT_THROW(items.next(), std::runtime_error);
}

TEST(Prefetcher, EndsWhileItsThreadWaits) {
  for (int i = 0; i < 200; ++i) {
    Prefetcher<int> items({}, [](int&) {});
    items.next();
  }
}

TEST(Prefetcher, EndsBehindTheItemItsThreadFills) {
  std::latch filling(1), go_on(1);
  auto items = std::make_unique<Prefetcher<int>>(std::array<int, 3>{}, [&](int&) {
    filling.count_down();
    go_on.wait();
  });
  filling.wait();
  std::jthread end([&] { items.reset(); });
  go_on.count_down();
  end.join();
  EXPECT_EQ(items, nullptr);
}

using Numbers = Prefetcher<std::vector<int>>;

/// Items 0, 1, ... of so many parts, each of which becomes the item's number.
Numbers::Work numbered(std::int64_t parts) {
  return {.begin =
              [parts, n = 0](std::vector<int>& item) mutable {
                item.assign(static_cast<std::size_t>(parts) + 1, n++);
                return parts;
              },
          .fill = [](std::vector<int>& item, std::int64_t part,
                     int) { item[static_cast<std::size_t>(part)] = item.back(); }};
}

TEST(Prefetcher, FillsPartsInSeveralThreads) {
  Numbers items(std::vector<std::vector<int>>(4), numbered(7), 3);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(items.next(), std::vector<int>(8, i));
}

TEST(Prefetcher, GivesTheFirstItemWhileLaterOnesAreFilled) {
  std::latch first_is_there(1);
  Numbers::Work work = numbered(2);
  work.fill = [&](std::vector<int>& item, std::int64_t, int) {
    if (item.back() > 0) first_is_there.wait();
  };
  Numbers items(std::vector<std::vector<int>>(3), work, 2);
  EXPECT_EQ(items.next().back(), 0);
  first_is_there.count_down();
}

TEST(Prefetcher, RethrowsTheFirstFailureOfParts) {
  for (int run = 0; run < 50; ++run) {
    Numbers::Work work = numbered(5);
    work.fill = [](std::vector<int>& item, std::int64_t part, int) {
      if (item.back() == 1 && part >= 2) throw std::runtime_error(std::to_string(part));
    };
    Numbers items(std::vector<std::vector<int>>(3), work, 4);
    EXPECT_EQ(items.next().back(), 0);
    try {
      items.next();
      ADD_FAILURE();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "2");
    }
  }
}

TEST(Prefetcher, RethrowsAFailureToBegin) {
  Numbers items(std::vector<std::vector<int>>(3),
                {.begin = [n = 0](std::vector<int>&) mutable -> std::int64_t {
                   if (n++ == 1) throw std::runtime_error("no more");
                   return 1;
                 },
                 .fill = [](std::vector<int>&, std::int64_t, int) {}},
                2);
  items.next();
  EXPECT_THROW(items.next(), std::runtime_error);
  EXPECT_THROW(items.next(), std::runtime_error);
}

TEST(Prefetcher, EndsAfterAFailureNobodyAskedFor) {
  std::latch failing(1);
  Prefetcher<int> items({}, [&](int&) {
    failing.count_down();
    throw std::runtime_error("unheard");
  });
  failing.wait();
}

}  // namespace
}  // namespace evenkeel
