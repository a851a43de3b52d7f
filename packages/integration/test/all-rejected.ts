/** What every kind of waiting must come to once the device is gone. */
export const ALL_REJECTED = {
  read: 'device-lost',
  fence: 'device-lost',
  creation: 'device-lost',
  readAfterwards: 'device-lost',
  createAfterwards: 'device-lost',
  reason: 'destroyed',
  isLost: true,
} as const;
