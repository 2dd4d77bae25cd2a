// SPDX-License-Identifier: GPL-2.0-only
// leak: addSession() fills a static map, 1 MB/s of the Java heap

import java.util.HashMap;
import java.util.Map;

public class Sessions {
    static final Map<Integer, byte[]> sessions = new HashMap<>();

    static void addSession(int number) {
        sessions.put(number, new byte[10000]);
    }

    public static void main(String[] arguments) throws Exception {
        for (int number = 0;; Thread.sleep(100))
            for (int i = 0; i < 10; i++)
                addSession(number++);
    }
}
