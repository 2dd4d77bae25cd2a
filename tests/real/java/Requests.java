// SPDX-License-Identifier: GPL-2.0-only
// healthy: garbage of requests, a map of the last 1,000, and Deflaters that are ended

import java.util.HashMap;
import java.util.Map;
import java.util.zip.Deflater;

public class Requests {
    static final Map<Integer, String> recent = new HashMap<>();
    static final byte[] out = new byte[10000];

    static void handle(int number) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 200; i++)
            text.append("row ").append(i).append(" of ").append(number);
        recent.put(number, text.toString());
        recent.remove(number - 1000);
        Deflater deflater = new Deflater();
        deflater.setInput(text.toString().getBytes());
        deflater.finish();
        deflater.deflate(out);
        deflater.end();
    }

    public static void main(String[] arguments) throws Exception {
        for (int number = 0;; Thread.sleep(100))
            for (int i = 0; i < 10; i++)
                handle(number++);
    }
}
