// SPDX-License-Identifier: GPL-2.0-only
// leak: submit() makes an executor for each task and never shuts it down; two threads a second

import java.util.concurrent.ExecutorService;

public class Executors {
    static int done;

    static void submit() throws Exception {
        ExecutorService executor = java.util.concurrent.Executors.newFixedThreadPool(1);
        executor.submit(() -> done++).get();
    }

    public static void main(String[] arguments) throws Exception {
        for (;; Thread.sleep(500))
            submit();
    }
}
